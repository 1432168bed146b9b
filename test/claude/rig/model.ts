import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { turnEvents, type ModelRequest, type Turn } from "./messages.ts";

/** The next turn, or a function of what the model was shown. */
export type Step = Turn | ((request: ModelRequest) => Turn | Promise<Turn>);

/**
 * A stand-in of Anthropic's Messages API on loopback: it follows a script, and keeps every request.
 * Requests without tools (a title, a summary) are the host's own affairs and get a word in reply.
 */
export interface Model {
  url: string;
  /** What a model with tools was asked, oldest first. */
  requests: ModelRequest[];
  /** The next turns, in order. After them the model ends its turn with "Done." */
  plan(...steps: Step[]): void;
  /** Steps of the script that threw. */
  failures: unknown[];
  /** Resolves when the count-th request with tools has come in. */
  asked(count: number): Promise<ModelRequest>;
}

export async function startModel(): Promise<Model> {
  const steps: Step[] = [];
  const requests: ModelRequest[] = [];
  const failures: unknown[] = [];
  const waiting: { count: number; resolve: (request: ModelRequest) => void }[] = [];
  let turns = 0;

  const next = async (request: ModelRequest): Promise<Turn> => {
    if (request.tools.length === 0) return { text: "Fine." };
    requests.push(request);
    for (const { count, resolve } of waiting) {
      if (requests.length === count) resolve(request);
    }
    const step = steps.shift() ?? { text: "Done." };
    try {
      return typeof step === "function" ? await step(request) : step;
    } catch (error) {
      failures.push(error);
      return { text: `The script failed: ${String(error)}` };
    }
  };

  const server = createServer((message, response) => {
    void answer(message, response, next, () => ++turns).catch(() => {
      response.destroy(); // the host went away
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failures,
    plan: (...planned) => {
      steps.push(...planned);
    },
    asked: (count) => {
      const there = requests[count - 1];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
  };
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  next: (request: ModelRequest) => Promise<Turn>,
  number: () => number,
): Promise<void> {
  let body = "";
  message.setEncoding("utf8");
  for await (const text of message as AsyncIterable<string>) body += text;
  const { pathname } = new URL(message.url ?? "/", "http://localhost");
  if (message.method !== "POST" || !pathname.startsWith("/v1/messages")) {
    response.writeHead(404, { "content-type": "application/json" }).end("{}");
    return;
  }
  if (pathname.endsWith("/count_tokens")) {
    const tokens = JSON.stringify({ input_tokens: Math.ceil(body.length / 4) });
    response.writeHead(200, { "content-type": "application/json" }).end(tokens);
    return;
  }
  const sent = JSON.parse(body) as Partial<ModelRequest>;
  const request = { tools: [], messages: [], model: "", system: "", ...sent };
  const events = turnEvents(await next(request), number());
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}
