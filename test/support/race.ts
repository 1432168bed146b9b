import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import type { Simulator } from "../simulator/index.ts";
import { isSaving, refreshPid } from "./claims.ts";
import { makeHome, writeLogin, type Home } from "./home.ts";
import { anHourMs, plantForeignLock } from "./owners.ts";
import { refreshRequests, startServer, type ServerOptions, type TestServer } from "./server.ts";

/** What happened to the logins of a row of the torture. */
export interface Tally {
  rounds: number;
  /** Requests for a refresh. */
  requests: number;
  /** A refresh token that was sent a second time after the server had used it, though its user was not killed. */
  replays: number;
  /** Logins that were lost, though the process that refreshed them was not killed after the server's commit. */
  lost: number;
  /** Logins of processes that were killed between the server's commit and the save. */
  unavoidable: number;
  /** Questions without an answer in rounds without a lost login. */
  unanswered: number;
}

/** One way to disturb a refresh. */
export interface Row {
  name: string;
  rounds: { suite: number; soak: number };
  /** Why it can't run here. */
  skip?: string | undefined;
  /** All windows together send one request. */
  once?: boolean;
  /** How many rounds run side by side, each with a home and a fleet of its own. */
  parallel?: { suite: number; soak: number };
  fleet: (simulator: Simulator, home: Home) => Promise<TestServer[]>;
  /** Runs from the questions to their answers; gives true if it killed the refresh after the server's commit. */
  disturb?: (round: Round) => Promise<boolean>;
  /** Before the questions. */
  prepare?: (round: Pick<Round, "home" | "simulator" | "number">) => unknown;
  /** Of the login that each round begins with, from now. */
  accessExpiresInMs?: number;
}

interface Round {
  number: number;
  simulator: Simulator;
  home: Home;
  fleet: readonly TestServer[];
  /** Replaces a server that was killed. */
  replace: (server: TestServer) => Promise<void>;
  /** All questions. */
  asked: Promise<unknown>;
  /** The refresh token of the login. */
  spent: string;
}

const isRoot = process.getuid?.() === 0;
const has = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const faketime = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
].find((path) => existsSync(path));
const noFaketime = faketime === undefined ? "libfaketime is not installed" : undefined;
const namespaces =
  isRoot && has("unshare") && spawnSync("unshare", ["--pid", "--uts", "--mount", "--fork", "true"]).status === 0;
const noNamespaces = namespaces ? undefined : "namespaces need root";

const servers =
  (count: number, options: (n: number) => Partial<ServerOptions> = () => ({})) =>
  (simulator: Simulator, home: Home): Promise<TestServer[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => startServer({ simulator, home, ...options(n) })));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits, turn by turn, for what the file system shows. */
async function until<T>(find: () => T | undefined, given: Promise<unknown>): Promise<T | undefined> {
  let over = false as boolean;
  const end = (): void => void (over = true);
  given.then(end, end);
  for (;;) {
    const found = find();
    if (found !== undefined || over) return found;
    await turn();
  }
}

/** Stops the refresh process once the server has its request, or has answered it, and continues it after a while. */
const suspend =
  (ms: number) =>
  async ({ simulator, home, asked, number }: Round): Promise<boolean> => {
    const answered = deferred<undefined>();
    simulator.next("token:refresh", { kind: "default", afterCommit: answered.promise });
    await simulator.waitForRequest("token:refresh");
    const pid = await until(() => refreshPid(home), asked);
    if (pid !== undefined) process.kill(pid, "SIGSTOP");
    answered.resolve(undefined);
    // A time of its own for each round: a timer's end may be the weak moment.
    await pause(ms + (number % 10) * 100);
    if (pid !== undefined) process.kill(pid, "SIGCONT");
    await asked;
    return false;
  };

/** Kills the refresh process at a random moment after it has claimed the token. */
async function killRefresh({ simulator, home, asked }: Round): Promise<boolean> {
  let committed = false;
  const arrived = simulator.waitForRequest("token:refresh");
  arrived.catch(() => undefined);
  simulator.next("token:refresh", {
    kind: "default",
    beforeCommit: arrived.then(() => pause(Math.random() * 10)),
    afterCommit: arrived.then(() => pause(Math.random() * 20)),
  });
  const pid = await until(() => refreshPid(home), asked);
  if (pid !== undefined) {
    await pause(Math.random() * 40);
    try {
      process.kill(pid, "SIGKILL");
      // What it has sent may not be read yet, and may be committed in this instant. The next request is a process away.
      await pause(25);
      await simulator.requests.find(({ route }) => route === "token:refresh")?.done;
      committed = simulator.stats.refreshes > 0;
    } catch {
      // it has ended
    }
  }
  await asked;
  return committed;
}

async function endServer({ simulator, fleet, replace, asked }: Round): Promise<boolean> {
  simulator.next("token:refresh", {
    kind: "default",
    beforeCommit: pause(Math.random() * 600),
    afterCommit: pause(Math.random() * 600),
  });
  const [first] = fleet;
  if (first === undefined) return false;
  await Promise.race([simulator.waitForRequest("token:refresh"), asked]);
  first.transport.child.kill("SIGTERM");
  await pause(500);
  first.transport.child.kill("SIGKILL");
  await first.transport.exited;
  await replace(first);
  await asked;
  return false;
}

/** Removes the lock, over and over, as long as questions are open. */
async function removeLocks({ home, asked }: Round): Promise<boolean> {
  await until(() => {
    rmSync(`${home.authFile}.lock`, { recursive: true, force: true });
    return undefined;
  }, asked);
  return false;
}

const fillDisk = async ({ simulator, home, asked }: Round): Promise<boolean> => {
  const filler = join(home.path, "filler");
  simulator.next("token:refresh", {
    kind: "default",
    beforeCommit: simulator.waitForRequest("token:refresh").then(() => {
      spawnSync("sh", ["-c", `cat /dev/zero > ${filler}`], { stdio: "ignore" });
    }),
  });
  await asked;
  rmSync(filler, { force: true });
  return false;
};

/** A small disk of its own for the login. */
function mountDisk({ home, number }: Pick<Round, "home" | "number">): void {
  if (number > 0) return;
  rmSync(home.path, { recursive: true, force: true });
  mkdirSync(home.path);
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", home.path]);
  onTestFinished(() => void spawnSync("umount", ["-l", home.path]));
}

async function changeHostName({ fleet, simulator, asked }: Round): Promise<boolean> {
  const answered = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", beforeCommit: answered.promise });
  await simulator.waitForRequest("token:refresh");
  for (const { transport } of fleet) {
    spawnSync("nsenter", ["--target", String(transport.child.pid), "--uts", "hostname", `renamed-${Date.now()}`]);
  }
  await pause(1_500);
  answered.resolve(undefined);
  await asked;
  return false;
}

const inNamespaces = ["unshare", "--pid", "--uts", "--mount-proc", "--fork", "--kill-child"];

export const rows: readonly Row[] = [
  { name: "twenty windows", rounds: { suite: 3, soak: 100 }, once: true, fleet: servers(20) },
  {
    name: "a lock that another program left an hour ago, twenty windows",
    rounds: { suite: 3, soak: 100 },
    once: true,
    fleet: servers(20),
    prepare: ({ home }) => {
      plantForeignLock(`${home.authFile}.lock`, anHourMs);
    },
  },
  { name: "the refresh process is killed", rounds: { suite: 6, soak: 300 }, fleet: servers(3), disturb: killRefresh },
  {
    name: "the refresh process is suspended for 15 s",
    rounds: { suite: 5, soak: 20 },
    parallel: { suite: 5, soak: 10 },
    fleet: servers(2),
    disturb: suspend(15_000),
  },
  {
    name: "the refresh process is suspended for 25 s",
    rounds: { suite: 0, soak: 20 },
    parallel: { suite: 0, soak: 10 },
    fleet: servers(2),
    disturb: suspend(25_000),
  },
  { name: "locks are removed all the time", rounds: { suite: 3, soak: 60 }, fleet: servers(5), disturb: removeLocks },
  {
    name: "clocks an hour off",
    rounds: { suite: 1, soak: 20 },
    skip: noFaketime,
    // The login is an hour and more past on every clock.
    accessExpiresInMs: -2 * anHourMs,
    fleet: servers(4, (n) =>
      n % 2 === 0 ? {} : { env: { LD_PRELOAD: faketime ?? "", FAKETIME: n === 1 ? "+1h" : "-1h" } },
    ),
  },
  {
    name: "the server gets SIGTERM, and SIGKILL 500 ms later",
    rounds: { suite: 2, soak: 50 },
    fleet: servers(2),
    disturb: endServer,
  },
  {
    name: "two pid and host name namespaces share the folder",
    rounds: { suite: 1, soak: 20 },
    skip: noNamespaces,
    fleet: servers(4, (n) => (n % 2 === 0 ? {} : { through: inNamespaces })),
  },
  {
    name: "the host name changes during the refresh",
    rounds: { suite: 1, soak: 20 },
    skip: noNamespaces,
    fleet: servers(2, () => ({ through: ["unshare", "--uts"] })),
    disturb: changeHostName,
  },
  {
    name: "the disk fills up between the rehearsal and the save",
    rounds: { suite: 2, soak: 20 },
    skip: isRoot ? undefined : "a disk of its own needs root",
    fleet: servers(2),
    prepare: mountDisk,
    disturb: fillDisk,
  },
  {
    name: "a server that does not rotate",
    rounds: { suite: 2, soak: 20 },
    once: true,
    fleet: servers(5),
    prepare: ({ simulator }) => {
      simulator.switches.rotateRefreshTokens = false;
    },
  },
];

/** Runs the rounds of a row, each with a new expired login; the fleet stays. */
export async function torture(
  row: Row,
  rounds: number,
  simulate: () => Promise<Simulator>,
  parallel = 1,
): Promise<Tally> {
  const tally: Tally = { rounds: 0, requests: 0, replays: 0, lost: 0, unavoidable: 0, unanswered: 0 };
  const lane = async (first: number): Promise<void> => {
    const simulator = await simulate();
    const home = makeHome();
    row.prepare?.({ number: 0, simulator, home });
    const fleet = await row.fleet(simulator, home);
    for (let number = first; number < rounds; number += parallel)
      await round(row, number, { simulator, home, fleet }, tally);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, rounds) }, (_, n) => lane(n)));
  return tally;
}

async function round(
  row: Row,
  number: number,
  { simulator, home, fleet }: { simulator: Simulator; home: Home; fleet: TestServer[] },
  tally: Tally,
): Promise<void> {
  simulator.reset();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: row.accessExpiresInMs ?? -1_000 });
  if (number > 0) row.prepare?.({ number, simulator, home });
  const replace = async (server: TestServer): Promise<void> => {
    fleet[fleet.indexOf(server)] = await startServer({ simulator, home });
  };
  const asked = Promise.all(fleet.map((server) => answered(server)));
  const killed = await row.disturb?.({ number, simulator, home, fleet, replace, asked, spent });
  await asked;
  // A save that failed is tried again.
  while (isSaving(home)) await pause(50);
  // A question that met a killed process may have failed; the next one must not.
  const answers = await Promise.all(fleet.map((server) => answered(server)));
  const { replays } = simulator.stats;
  const family = simulator.family(spent);
  const kept = home.record()?.["refreshToken"] === family?.current && family?.revoked === false;
  tally.rounds++;
  tally.requests += refreshRequests(simulator);
  if (!kept && killed === true) tally.unavoidable++;
  else {
    tally.replays += replays;
    if (!kept) tally.lost++;
    tally.unanswered += answers.filter((ok) => !ok).length;
  }
}

async function answered({ call }: TestServer): Promise<boolean> {
  try {
    return !(await call("codex_query", { prompt: "Now?" })).isError;
  } catch {
    return false; // its server was killed
  }
}

/** What a row's tally has to be. */
export function wanted({ once = false }: Row, rounds: number): Partial<Tally> {
  return { rounds, replays: 0, lost: 0, unanswered: 0, ...(once ? { requests: rounds } : {}) };
}

/** One line for a person. */
export function describeTally({ name }: Row, tally: Tally, ms: number): string {
  const { rounds, requests, replays, lost, unavoidable, unanswered } = tally;
  const counts = `${requests} requests, ${replays} replays, ${lost} lost, ${unavoidable} lost to a kill, ${unanswered} unanswered`;
  return `${name}: ${rounds} rounds, ${counts}, ${(ms / 1_000).toFixed(1)} s\n`;
}
