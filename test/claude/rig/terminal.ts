import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { answerFirstQuestions } from "../../support/claude-code.ts";
import type { Host } from "./host.ts";
import { isAlive, within } from "./processes.ts";

/** Claude Code as a person has it in a terminal. */
export interface Terminal {
  /** Type words, then Enter. */
  enter(words: string): Promise<void>;
  press(key: "Escape" | "Enter"): void;
  /** Press a key until the words are gone: a dialog ignores what comes in its first moment. */
  pressUntilGone(key: "Escape" | "Enter", words: string): Promise<void>;
  /** Resolves with the screen once it shows the words; fails after a while. */
  shows(words: string | RegExp): Promise<string>;
}

let terminals = 0;
/** Long enough for a busy machine: it only matters where a test fails. */
const patienceMs = 60_000;

/** Start it in a terminal of 120 by 40, all first questions answered, and wait for the prompt. */
export async function openTerminal(host: Host, name: string): Promise<Terminal> {
  answerFirstQuestions(host.config, host.project);
  const socket = `codex-oauth-${process.pid}-${++terminals}`;
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], {
      cwd: host.project,
      env: { ...host.env, TERM: "xterm-256color" },
      encoding: "utf8",
    });
  tmux("new-session", "-d", "-x", "120", "-y", "40", inject("installed").claude);
  const screen = (): string => tmux("capture-pane", "-p");
  const shots = process.env["CODEX_OAUTH_ARTEFACTS"] ?? join(tmpdir(), "codex-oauth-screens");
  let shot = 0;
  const keep = (text: string): void => {
    mkdirSync(shots, { recursive: true });
    writeFileSync(join(shots, `${name}-${++shot}.txt`), text);
  };
  const pid = Number(tmux("display-message", "-p", "#{pane_pid}"));
  onTestFinished(async () => {
    keep(screen());
    tmux("kill-server");
    await within(patienceMs, () => !isAlive(pid));
  });
  const shows = async (words: string | RegExp): Promise<string> => {
    let seen = "";
    const found = await within(patienceMs, () => {
      seen = screen();
      return typeof words === "string" ? seen.includes(words) : words.test(seen);
    });
    keep(seen);
    if (!found) throw new Error(`the terminal never showed ${String(words)}, but:\n${seen}`);
    return seen;
  };
  await shows("❯");
  return {
    enter: async (words) => {
      tmux("send-keys", "-l", words);
      await shows(words.slice(0, 60));
      tmux("send-keys", "Enter");
    },
    press: (key) => {
      tmux("send-keys", key);
    },
    pressUntilGone: async (key, words) => {
      for (let gone = false; !gone; gone = await within(1_000, () => !screen().includes(words))) {
        tmux("send-keys", key);
      }
    },
    shows,
  };
}
