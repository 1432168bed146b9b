// `npm run docs:images -- --claude`: a question in the real Claude Code, in tmux; its service is scripted, ours simulated.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import {
  answerFirstQuestions,
  claudeEnvironment,
  claudeProgram,
  scriptedModel,
} from "../../test/support/claude-code.ts";
import { pacedAnswer, question, signIn } from "../images/scene.ts";
import { withSimulator } from "../try-simulator.ts";
import { startScriptedModel } from "./claude-model.ts";
import { screenOf, type Line } from "./screen.ts";
import { toSvg } from "./svg.ts";

const columns = 100;
const tool = "mcp__plugin_codex-oauth_codex__codex_query";

/** @param plugin the folder of the plugin, built */
export async function takeClaude(folder: string, plugin: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "codex-oauth-picture-"));
  const project = join(home, "my-project");
  mkdirSync(project);
  const model = await startScriptedModel(tool, { prompt: question });
  const config = join(home, ".claude");
  answerFirstQuestions(config, project);
  const env = { ...claudeEnvironment(home, config), ...scriptedModel(model.url) };
  try {
    await withSimulator(env, async (simulator, simulated) => {
      await signIn(simulator, simulated);
      simulator.always("responses", () => ({ kind: "stream", events: pacedAnswer() }));
      const screen = await converse(simulated, project, plugin);
      const lines = turnOf(screenOf(screen, columns));
      const picture = toSvg({ lines, columns, title: "Claude Code" });
      writeFileSync(join(folder, "claude.svg"), picture);
    });
  } finally {
    model.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** From the command to the answer's last line: the rest of the screen is the host's own. */
function turnOf(lines: readonly Line[]): Line[] {
  const words = lines.map((line) => line.map(({ text }) => text).join(""));
  const first = words.findIndex((text) => text.includes("/codex-oauth:codex"));
  const last = words.findIndex((text) => text.includes("— gpt-"));
  return lines.slice(first, last + 1);
}

async function converse(env: Record<string, string>, project: string, plugin: string): Promise<string> {
  const socket = `codex-oauth-picture-${process.pid}`;
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], {
      cwd: project,
      env: { ...env, TERM: "xterm-256color", COLORTERM: "truecolor" },
      encoding: "utf8",
    });
  const shows = async (words: string): Promise<void> => {
    for (let tries = 0; !tmux("capture-pane", "-p").includes(words); tries++) {
      if (tries > 600) throw new Error(`never seen: ${words}\n${tmux("capture-pane", "-p")}`);
      await after(100);
    }
  };
  const size = ["-x", String(columns), "-y", "40"];
  tmux("new-session", "-d", ...size, claudeProgram(), "--plugin-dir", plugin);
  const pid = Number(tmux("display-message", "-p", "#{pane_pid}"));
  try {
    await shows("❯");
    const words = `/codex-oauth:codex ${question}`;
    tmux("send-keys", "-l", words);
    await shows(words.slice(0, 60));
    tmux("send-keys", "Enter");
    await shows("— gpt-");
    await after(1_500); // the last line of the turn
    return tmux("capture-pane", "-e", "-p");
  } finally {
    tmux("kill-server");
    while (isAlive(pid)) await after(50); // it still writes into its folder
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
