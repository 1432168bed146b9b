import type { Clock } from "../../platform/clock.ts";
import { ExclusiveFiles } from "../../platform/files/exclusive-files.ts";
import {
  formatIdentity,
  livenessOf,
  parseIdentity,
  systemUptimeMs,
  type ProcessIdentity,
} from "../../platform/process-identity.ts";
import { parseJson } from "../../shared/json.ts";
import type { Limits } from "../../shared/limits.ts";
import { claimRecord, type Claim, type ClaimRecord, type RefreshClaims } from "./refresh-claim.ts";

/** A claim keeps this size, so that it can be written over on a full disk. */
const claimBytes = 1_024;

/** A process that was announced has claimed the token by then; the announcement only avoids needless processes. */
const announcedMs = 3_000;

/** `<fingerprint>.<number>` */
const claimName = /^([0-9a-f]{32})\.(\d{1,9})$/;
const announcementName = /^([0-9a-f]{32})\.(\d{1,9})\.start$/;

interface ClaimFilesDeps {
  /** The folder, beside the auth file, so that all processes which share that file share the claims. */
  folder: string;
  clock: Clock;
  self: ProcessIdentity;
  limits: Pick<Limits, "refreshOwnerMs" | "unknownOwnerMs">;
}

/**
 * Claims as files that are created exclusively. A dead owner's claim ends at once, a live one's after ten minutes of
 * this host's uptime. If the owner's life can't be known (another host or pid namespace), its claim ends once this
 * process has seen it unchanged for a minute of its own monotonic time: wall clocks of two machines are never compared.
 */
export class ClaimFiles implements RefreshClaims {
  readonly #deps: ClaimFilesDeps;
  readonly #files: ExclusiveFiles;
  /** Claims of unknown owners, by name, and since when they are unchanged. */
  readonly #seen = new Map<string, { text: string; since: number }>();

  constructor(deps: ClaimFilesDeps) {
    this.#deps = deps;
    this.#files = new ExclusiveFiles(deps.folder);
  }

  async newest(token: string): Promise<Claim | undefined> {
    const number = newestNumber(token, await this.#files.names());
    if (number === undefined) return undefined;
    const name = `${token}.${number}`;
    const text = await this.#files.read(name);
    // Just created, or damaged: someone's claim all the same.
    const unreadable = { owner: "", accessToken: undefined, attempts: 0, at: 0, uptimeMs: 0 };
    const record = claimRecord.safeParse(parseJson(text)).data ?? unreadable;
    const owner = parseIdentity(record.owner);
    const life = this.#life(owner, record.uptimeMs, name, text);
    return { ...record, number, life, pid: life === "alive" ? owner?.pid : undefined };
  }

  create(token: string, number: number, record: Omit<ClaimRecord, "owner" | "uptimeMs">): Promise<boolean> {
    const claim = { ...record, owner: formatIdentity(this.#deps.self), uptimeMs: systemUptimeMs() };
    return this.#files.create(`${token}.${number}`, padded(claim));
  }

  isNewest(token: string, number: number): boolean {
    return newestNumber(token, this.#files.namesNow()) === number;
  }

  async update(token: string, number: number, change: Partial<ClaimRecord>): Promise<void> {
    const name = `${token}.${number}`;
    const before = claimRecord.safeParse(parseJson(await this.#files.read(name))).data;
    // Without it, another process has given up on this one.
    if (before === undefined) return;
    await this.#files.overwrite(name, padded({ ...before, ...change }));
    if (change.outcome !== undefined) await this.#removeEarlier(token, number);
  }

  async remove(token: string, number: number): Promise<void> {
    await this.#files.remove(`${token}.${number}`);
  }

  async sweep(token?: string, number = 0): Promise<void> {
    for (const name of await this.#files.names()) {
      const [, of = "", n] = claimName.exec(name) ?? [];
      if (of !== "") {
        if (of === token && Number(n) >= number) continue;
        const claim = of === token ? undefined : await this.newest(of);
        // A request that is not over may be another login's.
        if (claim !== undefined && claim.outcome === undefined && claim.life !== "dead") continue;
      } else if (!announcementName.test(name)) continue;
      await this.#files.remove(name);
    }
  }

  async announce(token: string, number: number): Promise<(() => Promise<void>) | undefined> {
    const name = `${token}.${number}.start`;
    const withdraw = (): Promise<void> => this.#files.remove(name);
    if (await this.#files.create(name, "")) return withdraw;
    const at = await this.#files.writtenAt(name);
    if (at !== undefined && Math.abs(this.#deps.clock.now() - at) < announcedMs) return undefined;
    await this.#files.remove(name);
    return (await this.#files.create(name, "")) ? withdraw : undefined;
  }

  /** Removes the claims before this one, which counts their attempts, and the announcements up to it. */
  async #removeEarlier(token: string, number: number): Promise<void> {
    for (const name of await this.#files.names()) {
      const [, claimed, n = ""] = claimName.exec(name) ?? [];
      const [, announced, m = ""] = announcementName.exec(name) ?? [];
      const superfluous = (claimed === token && Number(n) < number) || (announced === token && Number(m) <= number);
      if (superfluous) await this.#files.remove(name);
    }
  }

  #life(owner: ProcessIdentity | undefined, uptimeMs: number, name: string, text: string): Claim["life"] {
    const { clock, self, limits } = this.#deps;
    const life = owner === undefined ? "unknown" : livenessOf(owner, self);
    if (life === "dead") return "dead";
    if (life === "alive") return systemUptimeMs() - uptimeMs > limits.refreshOwnerMs ? "stopped" : "alive";
    const seen = this.#seen.get(name);
    const since = seen?.text === text ? seen.since : clock.elapsed();
    this.#seen.set(name, { text, since });
    return clock.elapsed() - since > limits.unknownOwnerMs ? "stopped" : "unknown";
  }
}

function newestNumber(token: string, names: readonly string[]): number | undefined {
  const numbers = names.flatMap((name) => {
    const [, of, number] = claimName.exec(name) ?? [];
    return of === token ? [Number(number)] : [];
  });
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function padded(record: ClaimRecord): string {
  return JSON.stringify(record).padEnd(claimBytes);
}
