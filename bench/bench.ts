// `npm run bench`: the shipped server, started by its launcher, beside a bare one, in turns, against one
// simulator.
//   --runs N      how many runs of each (default 10)
//   --node PATH   the Node that runs the servers (default: the one that runs this)
//   --starts      only the starts
//   --check       exit 1 when a bound is passed
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSimulator, type Simulator } from "../test/simulator/index.ts";
import { scriptAnswers } from "./answers.ts";
import type { Contestant } from "./contestant.ts";
import { measureRun, measureStarts, type Samples } from "./measure.ts";
import { report } from "./report.ts";

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

interface Options {
  runs: number;
  node: string;
  starts: boolean;
  check: boolean;
}

async function main({ runs, node, starts, check }: Options): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "codex-oauth-bench-"));
  const simulator = await startSimulator();
  try {
    scriptAnswers(simulator);
    const ours = oursAgainst(simulator, home, node);
    const direct = { ...ours, entry: join(__dirname, "../main.cjs") };
    const bare = bareAgainst(simulator, node);
    await measureRun(ours); // fills its caches (models, compiled code), and the system's own of all files
    const samples = { ours: [] as Samples[], bare: [] as Samples[], direct: [] as Samples[] };
    const measure = starts ? measureStarts : measureRun;
    await measure(bare);
    for (let run = 1; run <= runs; run++) {
      // Who goes first changes, so that neither always gets the warmer machine.
      for (const turn of run % 2 === 1 ? ([0, 1] as const) : ([1, 0] as const)) {
        if (turn === 0) samples.ours.push(await measure(ours));
        else samples.bare.push(await measure(bare));
      }
      samples.direct.push(await measureStarts(direct));
      process.stderr.write(`run ${run} of ${runs}\n`);
    }
    const { text, held } = report(samples);
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    say(`Node ${version}, medians over ${runs} interleaved runs\n\n${text}`);
    if (check && !held) process.exitCode = 1;
  } finally {
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function oursAgainst(simulator: Simulator, home: string, node: string): Contestant {
  const authFile = join(home, "auth.json");
  const codex = {
    version: 1,
    issuer: simulator.issuer,
    apiOrigin: new URL(simulator.baseUrl).origin,
    ...simulator.issueTokens({ accessExpiresInMs: 86_400_000 }),
    generation: 1,
  };
  writeFileSync(authFile, JSON.stringify({ codex }), { mode: 0o600 });
  const env = {
    HOME: home,
    CODEX_ISSUER: simulator.issuer,
    CODEX_BASE_URL: simulator.baseUrl,
    CODEX_AUTH_FILE: authFile,
    CODEX_STATE_DIR: join(home, "state"),
  };
  const entry = join(__dirname, "../../bin/codex-oauth.mjs");
  return { name: "ours", node, entry, env, tool: "codex_query" };
}

function bareAgainst(simulator: Simulator, node: string): Contestant {
  const { accessToken, accountId } = simulator.issueTokens({ accessExpiresInMs: 86_400_000 });
  const env = {
    BARE_URL: `${simulator.baseUrl}/codex/responses`,
    BARE_TOKEN: accessToken,
    BARE_ACCOUNT: accountId,
  };
  return { name: "bare", node, entry: join(__dirname, "bare-server.cjs"), env, tool: "ask" };
}

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10" },
    node: { type: "string", default: process.execPath },
    starts: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  },
});
main({ ...values, runs: Number(values.runs) }).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1); // also takes the servers along: their stdin ends
});
