import type { CredentialStore, StoredCredentials } from "../../src/auth/session/program-store.ts";
import type { Simulator } from "../simulator/index.ts";
import type { LoginOptions } from "./home.ts";

/** A program's store that several clients of a test share, as processes do. */
export class MemoryStore implements CredentialStore {
  stored: StoredCredentials | undefined;
  saves = 0;
  /** Runs before each call; what it throws is the store's failure. */
  before: (call: "load" | "save") => void | Promise<void> = () => undefined;

  async load(): Promise<StoredCredentials | undefined> {
    await this.before("load");
    return this.stored;
  }

  async save(next: StoredCredentials | undefined, expected: string | undefined): Promise<boolean> {
    await this.before("save");
    if (this.stored?.version !== expected) return false;
    this.saves++;
    this.stored = next;
    return true;
  }

  /** The value's JSON; undefined when nothing is stored. */
  get content(): Record<string, Record<string, unknown>> | undefined {
    const { stored } = this;
    return stored && (JSON.parse(stored.value) as Record<string, Record<string, unknown>>);
  }

  /** Put other content there, as another process does. */
  put(content: object | string): void {
    const value = typeof content === "string" ? content : JSON.stringify(content);
    this.stored = { version: `v${Math.random()}`, value };
  }
}

/** A login as if it had been made earlier; gives the tokens. */
export function storeLogin(store: MemoryStore, simulator: Simulator, options: LoginOptions = {}) {
  const { accessExpiresInMs = 3_600_000, others, extraFields } = options;
  const tokens = simulator.issueTokens({ accessExpiresInMs });
  const { issuer, baseUrl } = simulator;
  const origins = { issuer, apiOrigin: new URL(baseUrl).origin };
  store.put({
    ...others,
    codex: { version: 1, ...origins, ...tokens, generation: 1, ...extraFields },
  });
  return tokens;
}
