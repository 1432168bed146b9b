import { matchingRoutes } from "./script.ts";
import type { Route } from "./reply.ts";
import type { RecordedRequest } from "./types.ts";

interface Waiter {
  route: Route;
  count: number;
  resolve(request: RecordedRequest): void;
}

/** The requests that came in, and those who wait for one. */
export class RequestLog {
  readonly requests: RecordedRequest[] = [];
  #waiters: Waiter[] = [];
  #count = 0;

  nextNumber(): number {
    return (this.#count += 1);
  }

  add(request: RecordedRequest): void {
    this.requests.push(request);
    this.#waiters = this.#waiters.filter((waiter) => {
      const found = this.#find(waiter.route, waiter.count);
      if (found !== undefined) waiter.resolve(found);
      return found === undefined;
    });
  }

  wait(route: Route, count: number): Promise<RecordedRequest> {
    const found = this.#find(route, count);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiters.push({ route, count, resolve }));
  }

  clear(): void {
    this.requests.length = 0;
    this.#count = 0;
  }

  #find(route: Route, count: number): RecordedRequest | undefined {
    let seen = 0;
    return this.requests.find((request) => matchingRoutes(request.route).includes(route) && (seen += 1) === count);
  }
}
