import type { IncomingMessage } from "node:http";
import { callbackPath } from "../../../api/constants.ts";
import type { Clock, Timer } from "../../../platform/clock.ts";
import { deferred } from "../../../platform/promises.ts";
import { createState, equalSecrets, type Random } from "../../../platform/random.ts";

/** How long nobody else may have opened the page before its response counts. */
const soleOpeningMs = 2_000;

interface StartPageOptions {
  random: Random;
  clock: Clock;
  /** When the cookie ends. */
  lifetimeMs: number;
  /** The page to approve at. */
  authorizationUrl: (state: string) => string;
  /** Called when a second browser opens the page. */
  onSecondOpening: () => void;
}

/**
 * The page that leads a browser of this machine to the authorization server. Every user of the machine can read its URL
 * in the opener's arguments, so it works for one browser only: the first gets a cookie, which the callback requires.
 */
export class StartPage {
  /** The state of its authorization URL. The URL that a person is shown has another one. */
  readonly state: string;
  readonly path: string;
  readonly #options: StartPageOptions;
  readonly #cookie: string;
  readonly #sole = deferred<undefined>();
  #timer: Timer | undefined;
  #openedTwice = false;

  constructor(options: StartPageOptions) {
    this.#options = options;
    this.state = createState(options.random);
    this.#cookie = createState(options.random);
    this.path = `/start/${createState(options.random)}`;
  }

  /** Resolves once one browser alone has opened the page for two seconds. */
  get openedByOne(): Promise<undefined> {
    return this.#sole.promise;
  }

  /** A second browser has opened it: nobody can tell whose the first one was. */
  get openedTwice(): boolean {
    return this.#openedTwice;
  }

  /** The redirect's headers for the first browser, whenever it comes; undefined for any other. */
  open(request: IncomingMessage, port: number): Record<string, string | string[]> | undefined {
    const { clock, lifetimeMs, authorizationUrl, onSecondOpening } = this.#options;
    const first = this.#timer === undefined;
    if (this.#openedTwice || (!first && !this.isOpener(request, port))) {
      this.#openedTwice = true;
      onSecondOpening();
      return undefined;
    }
    this.#timer ??= clock.timer(soleOpeningMs, () => {
      this.#sole.resolve(undefined);
    });
    const age = Math.ceil(lifetimeMs / 1_000);
    // A reload brings the cookie as well, and is no second browser.
    const setCookies = [callbackPath, this.path].map(
      (path) => `${cookieName(port)}=${this.#cookie}; Path=${path}; Max-Age=${age}; HttpOnly; SameSite=Lax`,
    );
    return { location: authorizationUrl(this.state), "set-cookie": setCookies };
  }

  /** Whether the request comes from the browser that opened the page. */
  isOpener({ headers }: IncomingMessage, port: number): boolean {
    const pairs = (headers.cookie ?? "").split(/; */).map((pair) => pair.split("=", 2));
    return pairs.some(([name, value = ""]) => name === cookieName(port) && equalSecrets(value, this.#cookie));
  }

  close(): void {
    this.#timer?.cancel();
  }
}

/** Browsers keep the cookies of all ports of a host together. */
function cookieName(port: number): string {
  return `codex-oauth-${port}`;
}
