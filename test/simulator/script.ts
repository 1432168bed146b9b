import type { Reply, Route } from "./reply.ts";
import type { RecordedRequest } from "./types.ts";

export type Standing = Reply | ((request: RecordedRequest) => Reply | undefined);

/** What a test wants the routes to answer instead of their default. */
export class Script {
  readonly #queues = new Map<Route, Reply[]>();
  readonly #standing = new Map<Route, Standing>();

  next(route: Route, replies: Reply[]): void {
    const queue = this.#queues.get(route) ?? [];
    queue.push(...replies);
    this.#queues.set(route, queue);
  }

  always(route: Route, reply: Standing): void {
    this.#standing.set(route, reply);
  }

  /** The reply for a request: a queued one first, and the narrower route before the wider. */
  take(request: RecordedRequest): Reply {
    const routes = matchingRoutes(request.route);
    for (const route of routes) {
      const queued = this.#queues.get(route)?.shift();
      if (queued !== undefined) return queued;
    }
    for (const route of routes) {
      const standing = this.#standing.get(route);
      const reply = typeof standing === "function" ? standing(request) : standing;
      if (reply !== undefined) return reply;
    }
    return { kind: "default" };
  }

  unused(): string[] {
    return [...this.#queues].flatMap(([route, queue]) => queue.map((reply) => `${route}: ${describe(reply)}`));
  }

  clear(): void {
    this.#queues.clear();
    this.#standing.clear();
  }
}

/** A refresh is a `token:refresh` and a `token` request, in this order. */
export function matchingRoutes(route: Route | undefined): Route[] {
  if (route === undefined) return [];
  return route.startsWith("token:") ? [route, "token"] : [route];
}

function describe(reply: Reply): string {
  return "status" in reply ? `${reply.kind} ${String(reply.status)}` : reply.kind;
}
