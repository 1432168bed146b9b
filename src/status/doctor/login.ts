import type { Config } from "../../config/config.ts";
import { type Credential, credentialLabel, type LoginMode } from "../../api/credential.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import { toCodexError } from "../../shared/errors.ts";
import { act, either, setVariable, signIn, unsetVariables } from "../../shared/next-step.ts";
import { exhaustedUntil, windowName, type Quota } from "../../quota/quota.ts";
import { span } from "../../shared/time.ts";
import {
  accountLabel,
  assertIssuedFor,
  isExpired,
  type TokenSet,
} from "../../auth/oauth/token-set.ts";
import type { Clock } from "../../platform/clock.ts";
import { keyFault } from "../../auth/api-key.ts";
import { assertAlive, type CodexCliLogin } from "../../auth/codex-cli.ts";
import { chatgptCredential } from "../../auth/credentials.ts";
import type { ModelCatalog } from "../../models/catalog.ts";
import type { QuotaMemory } from "../../quota/quota-cache.ts";
import type { LedgerEntry } from "../../auth/session/refresh-ledger.ts";
import type { LoginState, TokenManager } from "../../auth/session/token-manager.ts";
import type { Check } from "./doctor.ts";

const oldListMs = 7 * 24 * 3_600_000;

export interface LoginDeps {
  config: Pick<Config, "authFile" | "apiKey" | "issuer" | "apiOrigin" | "baseUrl">;
  clock: Clock;
  mode: () => Promise<LoginMode>;
  tokens: Pick<TokenManager, "state">;
  guest: Pick<CodexCliLogin, "look" | "path">;
  /** What became of the last use of these tokens' refresh token, where it is known. */
  refreshOutcome: (tokens: TokenSet) => Promise<LedgerEntry["outcome"] | undefined>;
  catalog: Pick<ModelCatalog, "kept">;
  quota: Pick<QuotaMemory, "lastSeen">;
}

/** Whether a question could be paid for, and what is known of the account. */
export function loginChecks(deps: LoginDeps): Check[] {
  const { config, clock, mode, guest, tokens, refreshOutcome, catalog, quota } = deps;
  const stored = async (): Promise<LoginState> => tokens.state();
  const account = (login: TokenSet): Credential => chatgptCredential(login, config.baseUrl);
  const ifSignedIn = (name: string, judge: (login: TokenSet) => Promise<Finding>): Check => ({
    name,
    run: async () => {
      const login = await stored().catch(() => undefined);
      return login?.tokens === undefined ? [] : [await judge(login.tokens)];
    },
  });
  return [
    {
      name: "login",
      run: async () => {
        const chosen = await mode();
        if (chosen === "api-key") return [judgeApiKey(config.apiKey)];
        if (chosen === "codex-cli") return [await judgeGuest(guest, clock.now())];
        if (config.authFile === "") return [];
        try {
          const state = await stored();
          const outcome = state.tokens && (await refreshOutcome(state.tokens));
          if (state.tokens !== undefined) assertIssuedFor(state.tokens, config);
          return [judgeLogin(state, outcome, config.authFile, clock.now())];
        } catch (error) {
          const { message, details, next } = toCodexError(error);
          return [problem("login", `${message}${details.why ? ` ${details.why}` : ""}`, next)];
        }
      },
    },
    ifSignedIn("model list", async (login) =>
      judgeModelList((await catalog.kept(account(login)))?.fetchedAt, clock.now()),
    ),
    ifSignedIn("quota", async (login) =>
      judgeQuota(await quota.lastSeen(account(login)), clock.now()),
    ),
  ];
}

export function judgeLogin(
  { tokens, damaged, unsaved }: LoginState,
  outcome: LedgerEntry["outcome"] | undefined,
  authFile: string,
  now: number,
): Finding {
  const check = "login";
  if (damaged) return problem(check, `The login file ${authFile} is damaged.`, [signIn]);
  if (tokens === undefined) {
    return note(check, "Nobody is signed in.", [signIn]);
  }
  const plan = tokens.plan === undefined ? "plan unknown" : `plan ${tokens.plan}`;
  const who = `Signed in as ${accountLabel(tokens)} (${plan})`;
  const expired = isExpired(tokens, now);
  const left = span(tokens.expiresAt - now);
  if (outcome === "refused") {
    const until = expired ? "has expired" : `works for another ${left}`;
    const text = `${who}. The access token ${until}, and the service refuses to refresh it.`;
    return problem(check, text, [signIn]);
  }
  if (unsaved !== undefined) {
    const text = `${who}, but the refreshed login is only in memory: ${unsaved.message}`;
    return problem(check, text, unsaved.next);
  }
  const token = expired ? "has expired; the next question refreshes it" : `is valid for ${left}`;
  return ok(check, `${who}. The access token ${token}.`);
}

/** The official client's login: whether its file can be used, and whether its token still works. */
export async function judgeGuest(
  guest: Pick<CodexCliLogin, "look" | "path">,
  now: number,
): Promise<Finding> {
  const check = "login";
  try {
    const credential = await guest.look();
    const who = `Used as a guest: ${credentialLabel(credential)}, from ${guest.path}`;
    try {
      assertAlive(credential, now);
      return ok(check, `${who}. It is only read.`);
    } catch (thrown) {
      const { message, next } = toCodexError(thrown);
      return problem(check, `${who}. ${message}`, next);
    }
  } catch (thrown) {
    const { message, details, next } = toCodexError(thrown);
    return problem(check, `${message}${details.why ? ` ${details.why}` : ""}`, next);
  }
}

export function judgeApiKey(key: string | undefined): Finding {
  const fix = [either(setVariable("OPENAI_API_KEY", "your key"), unsetVariables("CODEX_AUTH"))];
  if (key === undefined)
    return problem("login", "The API key is to pay, but OPENAI_API_KEY is not set.", fix);
  const why = keyFault(key);
  if (why !== undefined) {
    const text = `OPENAI_API_KEY cannot be used as it is. ${why}`;
    return problem("login", text, [setVariable("OPENAI_API_KEY", "a valid key")]);
  }
  return ok("login", "OPENAI_API_KEY is set and pays for each question.");
}

export function judgeModelList(fetchedAt: number | undefined, now: number): Finding {
  const check = "model list";
  if (fetchedAt === undefined) return ok(check, "None is kept yet; the next question fetches it.");
  const age = now - fetchedAt;
  if (age <= oldListMs) return ok(check, `Fetched ${span(age)} ago.`);
  const text = `Fetched ${span(age)} ago: since then the service gave none.`;
  return note(check, text, [act("List the models, which fetches the list anew and says why not")]);
}

export function judgeQuota(quota: Quota | undefined, now: number): Finding {
  if (quota === undefined) return ok("quota", "Not seen yet; the next answer tells it.");
  const windows = quota.windows
    .map(
      ({ windowMinutes, usedPercent }) =>
        `${windowName(windowMinutes)} ${Math.round(usedPercent)} %`,
    )
    .join(", ");
  const seen = `Used, as seen ${span(now - quota.seenAt)} ago: ${windows === "" ? "nothing told" : windows}.`;
  const until = exhaustedUntil(quota);
  if (until === undefined || until <= now) return ok("quota", seen);
  return note("quota", seen, [{ do: "wait", for: until - now }]);
}
