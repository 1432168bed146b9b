import { randomBytes } from "node:crypto";

import { followAuthorization, followRedirect } from "./browser.ts";
import { DEFAULT_SCOPE } from "./constants.ts";
import type { Listener } from "./listener.ts";
import type { RequestLog } from "./log.ts";
import type { Reply, Route } from "./reply.ts";
import type { Script, Standing } from "./script.ts";
import { emptyStats, type SimState } from "./state.ts";
import type {
  CallbackPage,
  Decision,
  IssuedTokens,
  IssueOptions,
  RecordedRequest,
  SimAccount,
  SimStats,
  SimSwitches,
  Simulator,
} from "./types.ts";

export interface ControlDeps {
  state: SimState;
  script: Script;
  log: RequestLog;
  auth: Listener;
  api: Listener;
  workspace: Listener;
}

/** The simulator as a test holds it. */
export class SimulatorControl implements Simulator {
  readonly issuer: string;
  readonly baseUrl: string;
  readonly apiBaseUrl: string;
  readonly workspaceOrigin: string;
  readonly #deps: ControlDeps;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
    this.issuer = deps.auth.origin;
    this.baseUrl = `${deps.api.origin}/backend-api`;
    this.apiBaseUrl = `${deps.api.origin}/v1`;
    this.workspaceOrigin = deps.workspace.origin;
  }

  get account(): SimAccount {
    return this.#deps.state.account;
  }

  set account(account: SimAccount) {
    this.#deps.state.account = account;
  }

  get switches(): SimSwitches {
    return this.#deps.state.switches;
  }

  set switches(switches: SimSwitches) {
    this.#deps.state.switches = switches;
  }

  get requests(): RecordedRequest[] {
    return this.#deps.log.requests;
  }

  get stats(): SimStats {
    return this.#deps.state.stats;
  }

  next(route: Route, ...replies: Reply[]): void {
    this.#deps.script.next(route, replies);
  }

  always(route: Route, reply: Standing): void {
    this.#deps.script.always(route, reply);
  }

  unusedReplies(): string[] {
    return this.#deps.script.unused();
  }

  reset(): void {
    const { script, log, state } = this.#deps;
    script.clear();
    log.clear();
    // Answers still on their way go on being counted.
    const { openResponses } = state.stats;
    Object.assign(state.stats, emptyStats(), { openResponses, maxOpenResponses: openResponses });
  }

  async authorize(authorizationUrl: string, decision: Decision = "approve"): Promise<string> {
    if (new URL(authorizationUrl).origin !== this.issuer) {
      throw new Error(`The authorization URL is not one of ${this.issuer}`);
    }
    return followAuthorization(authorizationUrl, decision);
  }

  async signIn(authorizationUrl: string, decision: Decision = "approve"): Promise<CallbackPage> {
    return followRedirect(await this.authorize(authorizationUrl, decision));
  }

  approveDevice(userCode: string, decision: "approve" | "deny" = "approve"): void {
    this.#deps.state.devices.decide(userCode, decision);
  }

  issueTokens(options: IssueOptions = {}): IssuedTokens {
    const { tokens, account } = this.#deps.state;
    const family = tokens.open({ ...account, ...options.account }, DEFAULT_SCOPE);
    return tokens.grant(family, this.issuer, true, {
      ...(options.accessExpiresInMs === undefined ? {} : { expiresInMs: options.accessExpiresInMs }),
      ...(options.withoutExp === undefined ? {} : { withoutExp: options.withoutExp }),
    });
  }

  issueKey(): string {
    const { keys, secrets } = this.#deps.state;
    const key = `sk-proj-CANARY_KEY_${String(keys.size + 1)}_${randomBytes(24).toString("base64url")}`;
    keys.add(key);
    secrets.add(key);
    return key;
  }

  family(refreshToken: string): { current: string; revoked: boolean } | undefined {
    const family = this.#deps.state.tokens.familyOf(refreshToken);
    if (family === undefined) return undefined;
    return { current: family.refreshTokens.at(-1) ?? refreshToken, revoked: family.revoked };
  }

  revokeAccess(accessToken: string): void {
    this.#deps.state.tokens.markAccess(accessToken, "invalidated");
  }

  expireAccess(accessToken: string): void {
    this.#deps.state.tokens.expireAccess(accessToken);
  }

  async waitForRequest(route: Route, count = 1): Promise<RecordedRequest> {
    return this.#deps.log.wait(route, count);
  }

  secrets(): string[] {
    return [...this.#deps.state.secrets];
  }

  async close(): Promise<void> {
    const { auth, api, workspace } = this.#deps;
    await Promise.all([auth.close(), api.close(), workspace.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
