import { z } from "zod";
import type { Quota } from "../core/quota.ts";
import type { TokenSet } from "../core/tokens.ts";
import { fingerprint } from "../infra/random.ts";
import type { StateFolder } from "../infra/state-folder.ts";

const fileName = "quota.json";

const stored = z.object({
  account: z.string(),
  seenAt: z.number(),
  plan: z.string().optional(),
  windows: z.array(
    z.object({
      usedPercent: z.number(),
      windowMinutes: z.number(),
      resetsAt: z.number().optional(),
    }),
  ),
});

/** The quota that the service last told, kept for the next window that asks. */
export class QuotaMemory {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  async remember(tokens: TokenSet, quota: Quota): Promise<void> {
    await this.#folder.write(fileName, { account: accountKey(tokens), ...quota });
  }

  /** What was last seen for this account, if anything. */
  async lastSeen(tokens: TokenSet): Promise<Quota | undefined> {
    const parsed = stored.safeParse(await this.#folder.read(fileName));
    if (!parsed.success || parsed.data.account !== accountKey(tokens)) return undefined;
    const { windows, seenAt, plan } = parsed.data;
    return {
      seenAt,
      plan,
      windows: windows.map((window) => ({ ...window, resetsAt: window.resetsAt })),
    };
  }
}

function accountKey(tokens: TokenSet): string {
  return fingerprint(`${tokens.apiOrigin}\n${tokens.accountId}`);
}
