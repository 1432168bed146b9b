import type { Credential } from "../../api/credential.ts";
import type { CredentialKind } from "../../shared/credential-kind.ts";
import type { ActiveCredential, CredentialSource } from "../../auth/credential-source.ts";
import type { Claim } from "../../auth/session/refresh-claim.ts";
import type { TokenManager } from "../../auth/session/token-manager.ts";
import type { Config } from "../../config/config.ts";
import type { ModelCatalog } from "../../models/catalog.ts";
import type { Clock } from "../../platform/clock.ts";
import { exhaustedUntil, windowName, type Quota } from "../../quota/quota.ts";
import type { QuotaCache } from "../../quota/quota-cache.ts";
import { act, signIn } from "../../shared/next-step.ts";
import { span } from "../../shared/time.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { Check } from "./doctor.ts";

const oldListMs = 7 * 24 * 3_600_000;

/** A refresh takes 15 seconds at most. */
const longRefreshMs = 60_000;

export interface LoginDeps {
  config: Pick<Config, "authFile" | "encrypt">;
  clock: Clock;
  /** The stored login; rejects if it cannot be read. */
  stored: () => Promise<Pick<Awaited<ReturnType<TokenManager["state"]>>, "tokens" | "encrypted">>;
  /** The active credential source. */
  active: () => Promise<CredentialSource>;
  /** The newest claim on the refresh of a credential's login, if there is one. */
  refreshClaim: (credential: Credential) => Promise<Claim | undefined>;
  catalog: Pick<ModelCatalog, "cached">;
  quota: Pick<QuotaCache, "lastSeen">;
}

/** Checks the credential, and the cached model list and quota of its account. */
export function loginChecks({ config, clock, stored, active, refreshClaim, catalog, quota }: LoginDeps): Check[] {
  const ofAccount = (name: string, find: (login: Credential) => Promise<Finding>): Check => ({
    name,
    run: async () => {
      const { credential } = await (await active()).inspect();
      return credential?.accountId === undefined ? [] : [await find(credential)];
    },
  });
  return [
    {
      name: "login",
      run: async () => {
        const source = await active();
        const found = await source.inspect();
        // An invalid path of the login file has a finding of its own.
        if (config.authFile === "" && !found.usable && found.trouble === undefined) return [];
        const claim = found.credential && (await refreshClaim(found.credential));
        return [credentialFinding(source, found, claim?.outcome, clock.now()), ...refreshFindings(claim, clock.now())];
      },
    },
    {
      name: "encryption",
      run: async () => {
        // What keeps it from being read is a finding of the login.
        const { tokens, encrypted = false } = (await stored().catch(() => undefined)) ?? {};
        return tokens === undefined ? [] : [encryptionFinding(encrypted, config.encrypt)];
      },
    },
    ofAccount("model list", async (login) => modelListFinding((await catalog.cached(login))?.fetchedAt, clock.now())),
    ofAccount("quota", async (login) => quotaFinding(await quota.lastSeen(login), clock.now())),
  ];
}

/** The owner, without a full stop, and the state of a credential. */
type Describe = (found: Credential, file: string | undefined, now: number) => { who: string; state: string };

const descriptions: Readonly<Record<CredentialKind, Describe>> = {
  chatgpt: (found, _, now) => ({
    who: `Signed in as ${found.owner} (plan ${found.plan ?? "unknown"})`,
    state: `The access token ${tokenState(found, now, "has expired; the next question refreshes it", "is valid for")}.`,
  }),
  "codex-cli": ({ owner }, file) => ({
    who: `Used as a guest: ${owner}, from ${file ?? "its file"}`,
    state: "It is only read.",
  }),
  "api-key": () => ({ who: "OPENAI_API_KEY is set and pays for each question", state: "" }),
};

function credentialFinding(
  { kind, guestFile }: Pick<CredentialSource, "kind" | "guestFile">,
  { credential, usable, trouble }: ActiveCredential,
  outcome: Claim["outcome"],
  now: number,
): Finding {
  const check = "login";
  const reasons = [trouble?.message, trouble?.details.why];
  if (credential === undefined) {
    if (trouble !== undefined) return problem(check, sentences(reasons), trouble.next);
    return note(check, "Nobody is signed in.", [signIn]);
  }
  const { who, state } = descriptions[kind](credential, guestFile, now);
  if (outcome === "refused" && usable) {
    const until = tokenState(credential, now, "has expired", "works for another");
    const message = `The access token ${until}, and the service refuses to refresh it.`;
    return problem(check, sentences([`${who}.`, message]), [signIn]);
  }
  if (trouble !== undefined) return problem(check, sentences([`${who}.`, ...reasons]), trouble.next);
  return ok(check, sentences([`${who}.`, state]));
}

/** A refresh under way. */
function refreshFindings(claim: Claim | undefined, now: number): Finding[] {
  if (claim === undefined || claim.outcome !== undefined || claim.life === "dead") return [];
  const { pid, at } = claim;
  const age = span(Math.max(0, now - at));
  const text = `${pid === undefined ? "A process of another machine or container" : `Process ${pid}`} has been refreshing the login for ${age}.`;
  if (pid === undefined || now - at < longRefreshMs) return [ok("refresh", text)];
  return [problem("refresh", text, [act(`End process ${pid} if it hangs; the next question refreshes the login`)])];
}

function encryptionFinding(encrypted: boolean, wanted: Config["encrypt"]): Finding {
  const check = "encryption";
  const text = encrypted
    ? "The login is encrypted with a key in the system's keyring."
    : "The login is not encrypted: who can read its file can use it.";
  if (wanted === undefined || (wanted === "keyring") === encrypted) return ok(check, text);
  return note(check, `${text} CODEX_ENCRYPT=${wanted} applies from the next question on.`);
}

function modelListFinding(fetchedAt: number | undefined, now: number): Finding {
  const check = "model list";
  if (fetchedAt === undefined) return ok(check, "None is kept yet; the next question fetches it.");
  const age = now - fetchedAt;
  if (age <= oldListMs) return ok(check, `Fetched ${span(age)} ago.`);
  const text = `Fetched ${span(age)} ago: since then the service gave none.`;
  return note(check, text, [act("List the models, which fetches the list anew and says why not")]);
}

function quotaFinding(quota: Quota | undefined, now: number): Finding {
  if (quota === undefined) return ok("quota", "Not seen yet; the next answer tells it.");
  const windows = quota.windows
    .map(({ windowMinutes, usedPercent }) => `${windowName(windowMinutes)} ${Math.round(usedPercent)} %`)
    .join(", ");
  const seen = `Used, as seen ${span(now - quota.seenAt)} ago: ${windows === "" ? "no window reported" : windows}.`;
  const until = exhaustedUntil(quota);
  if (until === undefined || until <= now) return ok("quota", seen);
  return note("quota", seen, [{ do: "wait", for: until - now }]);
}

/** @param left precedes the remaining time */
function tokenState({ expiresAt = Infinity }: Credential, now: number, expired: string, left: string): string {
  return expiresAt <= now ? expired : `${left} ${span(expiresAt - now)}`;
}

function sentences(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}
