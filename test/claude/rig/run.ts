import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { inject, onTestFinished } from "vitest";

/** A line of `--output-format stream-json`, as far as the tests look at it. */
export interface HostEvent {
  type: string;
  subtype?: string;
  result?: string;
  permission_denials?: unknown[];
  mcp_servers?: { name: string; status: string }[];
  tools?: string[];
  plugins?: { name: string; path: string }[];
  response?: { request_id?: string };
}

/** One `claude -p`, from its start to its end. */
export interface Outcome {
  code: number | null;
  events: HostEvent[];
  /** What a person reads at the end. */
  result: string;
  /** Tools that the person would have been asked about. */
  denials: unknown[];
  stderr: string;
}

/** Claude Code as a program that embeds it runs it: several prompts, one process. */
export interface Session {
  pid: number;
  /** Send a prompt; resolves with the end of its turn. */
  say(prompt: string): Promise<HostEvent>;
  /** What the person's stop button does; resolves when the host has confirmed it. */
  interrupt(): Promise<HostEvent>;
  kill(): void;
  end(): Promise<number | null>;
}

interface Running {
  child: ChildProcessWithoutNullStreams;
  events: HostEvent[];
  /** Resolves with the first event, there already or to come, that satisfies the condition. */
  seen: (accepts: (event: HostEvent) => boolean, from?: number) => Promise<HostEvent>;
  stderr: () => string;
  closed: Promise<number | null>;
}

export async function runToTheEnd(args: readonly string[], env: Record<string, string>, cwd: string): Promise<Outcome> {
  const { child, events, stderr, closed } = start(args, env, cwd);
  child.stdin.end();
  const code = await closed;
  const last = events.findLast(({ type }) => type === "result");
  return {
    code,
    events,
    result: last?.result ?? "",
    denials: last?.permission_denials ?? [],
    stderr: stderr(),
  };
}

export function startSession(env: Record<string, string>, cwd: string): Session {
  const { child, events, seen, closed } = start(["-p", "--input-format", "stream-json"], env, cwd);
  const send = (message: object): void => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  let requests = 0;
  return {
    pid: child.pid ?? 0,
    say: (content) => {
      const from = events.length;
      send({ type: "user", message: { role: "user", content } });
      return seen(({ type }) => type === "result", from);
    },
    interrupt: () => {
      const id = `interrupt-${++requests}`;
      send({ type: "control_request", request_id: id, request: { subtype: "interrupt" } });
      return seen(({ response }) => response?.request_id === id);
    },
    kill: () => {
      child.kill("SIGKILL");
    },
    end: () => {
      child.stdin.end();
      return closed;
    },
  };
}

function start(args: readonly string[], env: Record<string, string>, cwd: string): Running {
  const { claude } = inject("installed");
  const format = ["--output-format", "stream-json", "--verbose"];
  const child = spawn(claude, [...args, ...format], { env, cwd });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  child.stdin.on("error", () => undefined);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const events: HostEvent[] = [];
  const listeners = new Set<(event: HostEvent) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = JSON.parse(line) as HostEvent;
    events.push(event);
    for (const listener of listeners) listener(event);
  });
  const seen: Running["seen"] = (accepts, from = 0) => {
    const there = events.slice(from).find(accepts);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      listeners.add((event) => {
        if (accepts(event)) resolve(event);
      });
      void closed.then((code) => {
        reject(new Error(`Claude Code ended with ${String(code)}: ${stderr}`));
      });
    });
  };
  return { child, events, seen, stderr: () => stderr, closed };
}
