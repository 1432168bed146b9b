import type { CodeStore } from "./codes.ts";
import type { DeviceStore } from "./devices.ts";
import type { TokenStore } from "./tokens.ts";
import type { SimAccount, SimStats, SimSwitches } from "./types.ts";

/** What both servers share. */
export interface SimState {
  /** Known once the first listener is up. */
  issuer: string;
  workspaceOrigin: string;
  readonly now: () => number;
  account: SimAccount;
  switches: SimSwitches;
  readonly stats: SimStats;
  readonly tokens: TokenStore;
  readonly codes: CodeStore;
  readonly devices: DeviceStore;
  readonly secrets: Set<string>;
  /** API keys that work. */
  readonly keys: Set<string>;
}

export function emptyStats(): SimStats {
  return {
    refreshes: 0,
    replays: 0,
    exchanges: 0,
    revocations: 0,
    usedCodeAttempts: 0,
    openResponses: 0,
    maxOpenResponses: 0,
  };
}
