// `npm run bench`: the shipped server beside a bare one, in turns, against one simulator.
//   --runs N   how many runs of each (default 10)
//   --check    exit 1 when a bound is passed
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSimulator, type Simulator } from "../test/simulator/index.ts";
import { scriptAnswers } from "./answers.ts";
import type { Contestant } from "./contestant.ts";
import { measureRun, type Samples } from "./measure.ts";
import { report } from "./report.ts";

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

async function main(runs: number, check: boolean): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "codex-oauth-bench-"));
  const simulator = await startSimulator();
  try {
    scriptAnswers(simulator);
    const ours = oursAgainst(simulator, home);
    const bare = bareAgainst(simulator);
    await measureRun(ours); // fills its model cache, and the system's own of all files
    await measureRun(bare);
    const samples = { ours: [] as Samples[], bare: [] as Samples[] };
    for (let run = 1; run <= runs; run++) {
      // Who goes first changes, so that neither always gets the warmer machine.
      for (const turn of run % 2 === 1 ? ([0, 1] as const) : ([1, 0] as const)) {
        if (turn === 0) samples.ours.push(await measureRun(ours));
        else samples.bare.push(await measureRun(bare));
      }
      process.stderr.write(`run ${run} of ${runs}\n`);
    }
    const { text, held } = report(samples.ours, samples.bare);
    say(`Node ${process.version}, medians over ${runs} interleaved runs\n\n${text}`);
    if (check && !held) process.exitCode = 1;
  } finally {
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function oursAgainst(simulator: Simulator, home: string): Contestant {
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
  return { name: "ours", entry: join(__dirname, "../main.cjs"), env, tool: "codex_query" };
}

function bareAgainst(simulator: Simulator): Contestant {
  const { accessToken, accountId } = simulator.issueTokens({ accessExpiresInMs: 86_400_000 });
  const env = {
    BARE_URL: `${simulator.baseUrl}/codex/responses`,
    BARE_TOKEN: accessToken,
    BARE_ACCOUNT: accountId,
  };
  return { name: "bare", entry: join(__dirname, "bare-server.cjs"), env, tool: "ask" };
}

const { values } = parseArgs({
  options: { runs: { type: "string", default: "10" }, check: { type: "boolean", default: false } },
});
main(Number(values.runs), values.check).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1); // also takes the servers along: their stdin ends
});
