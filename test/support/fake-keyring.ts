import type { Keyring } from "../../src/platform/keyring.ts";

/** A keyring that several programs of a test share, as the windows of one session do. */
export class FakeKeyring implements Keyring {
  readonly secrets = new Map<string, string>();
  /** Each call: "get NAME" or "set NAME". */
  readonly calls: string[] = [];
  /** Runs before each call; what it throws is the keyring's failure. */
  before: () => void | Promise<void> = () => undefined;

  async get(name: string): Promise<string | undefined> {
    this.calls.push(`get ${name}`);
    await this.before();
    return this.secrets.get(name);
  }

  async set(name: string, secret: string): Promise<void> {
    this.calls.push(`set ${name}`);
    await this.before();
    this.secrets.set(name, secret);
  }
}
