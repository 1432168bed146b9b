import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { ServerEntry } from "../../../src/cli/install/hosts.ts";
import { answerEvents, type Simulator } from "../../simulator/index.ts";
import { expectNoSecrets } from "../../support/canary.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { serverEnvironment, shippedEntry, simulate } from "../../support/server.ts";

const tap = join(import.meta.dirname, "tap.mjs");

/** One message between the host and the server. */
export interface Said {
  by: "host" | "server";
  message: {
    id?: unknown;
    method?: string;
    params?: Record<string, unknown>;
    result?: Record<string, unknown>;
    error?: { code: number; message: string };
  };
}

export interface PeerRig {
  simulator: Simulator;
  home: Home;
  /** What a host's configuration says of the server; all that it hears and says is written down. */
  entry: ServerEntry & { env: Record<string, string> };
  /** What was said so far; each line of the server must be JSON-RPC. */
  said(): Said[];
}

export interface PeerRigOptions {
  signedIn?: boolean;
  /** The answer of the model behind our server. */
  answer?: string;
}

/** The shipped server with the simulator behind it, for a host to start. */
export async function peerRig({ signedIn = true, answer }: PeerRigOptions = {}): Promise<PeerRig> {
  const simulator = await simulate();
  const home = makeHome();
  if (signedIn) writeLogin(home, simulator);
  if (answer !== undefined) {
    simulator.always("responses", { kind: "stream", events: answerEvents({ text: answer }) });
  }
  const transcript = join(home.path, "transcript.jsonl");
  const read = (): string => (existsSync(transcript) ? readFileSync(transcript, "utf8") : "");
  onTestFinished(() => {
    const text = read();
    expect(text).not.toBe("");
    expectNoSecrets(text, simulator.secrets(), "the transcript");
  });
  return {
    simulator,
    home,
    entry: {
      command: process.execPath,
      args: [tap, transcript, shippedEntry, "serve"],
      env: serverEnvironment({ simulator, home }),
    },
    said: () => read().split("\n").filter(Boolean).map(toSaid),
  };
}

function toSaid(line: string): Said {
  const message = JSON.parse(line.slice(1)) as Said["message"] & { jsonrpc?: unknown };
  expect(message.jsonrpc, line.slice(0, 80)).toBe("2.0");
  return { by: line.startsWith(">") ? "host" : "server", message };
}

/** The methods that the host named, in order. */
export function asked(said: readonly Said[]): string[] {
  return said.flatMap(({ by, message }) => (by === "host" && message.method !== undefined ? [message.method] : []));
}
