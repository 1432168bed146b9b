import type { IncomingMessage } from "node:http";

import type { Exchange } from "./exchange.ts";
import type { RequestLog } from "./log.ts";
import { readRequest, type Incoming } from "./record.ts";
import type { DefaultReply, PlainReply, Route } from "./reply.ts";
import type { Script } from "./script.ts";
import type { SimState } from "./state.ts";
import type { RecordedRequest } from "./types.ts";
import { deliver } from "./writer.ts";

/** What one of the two servers is: its routes and how it answers by itself. */
export interface Behaviour {
  server: RecordedRequest["server"];
  route(request: Incoming): Route | undefined;
  /** Runs in one go: what it changes is the commit. */
  answer(state: SimState, request: RecordedRequest): PlainReply;
}

export interface ServeDeps {
  state: SimState;
  script: Script;
  log: RequestLog;
}

/** Reads a request, writes it down, and answers as the script or else the behaviour says. */
export async function serve(
  { state, script, log }: ServeDeps,
  behaviour: Behaviour,
  message: IncomingMessage,
  exchange: Exchange,
): Promise<void> {
  const incoming = await readRequest(message, behaviour.server);
  if (incoming === undefined) return;
  const request: RecordedRequest = {
    ...incoming,
    n: log.nextNumber(),
    at: state.now(),
    route: behaviour.route(incoming),
    done: exchange.over.then(() => {
      request.closedAt = state.now();
      request.closedBy = exchange.closedBy;
    }),
  };
  countOpen(state, request);
  const scripted = script.take(request);
  log.add(request);

  const reply =
    scripted.kind === "default" ? await commit(scripted, exchange, () => behaviour.answer(state, request)) : scripted;
  if (reply !== undefined) await deliver(exchange, reply);
}

/** Undefined when the client has gone and so nobody is there to answer. */
async function commit(reply: DefaultReply, exchange: Exchange, run: () => PlainReply): Promise<PlainReply | undefined> {
  if (reply.beforeCommit !== undefined) {
    if (reply.commitAnyway === true) await reply.beforeCommit;
    else await exchange.unlessOver(reply.beforeCommit);
    if (exchange.isOver && reply.commitAnyway !== true) return undefined;
  }
  const answer = run();
  if (reply.afterCommit !== undefined) await exchange.unlessOver(reply.afterCommit);
  if (exchange.isOver) return undefined;
  if (reply.then !== undefined) return { kind: reply.then };
  return reply.adapt === undefined ? answer : reply.adapt(answer);
}

function countOpen({ stats }: SimState, request: RecordedRequest): void {
  if (request.route !== "responses" && request.route !== "key-responses") return;
  stats.openResponses += 1;
  stats.maxOpenResponses = Math.max(stats.maxOpenResponses, stats.openResponses);
  void request.done.then(() => (stats.openResponses -= 1));
}
