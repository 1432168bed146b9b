import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";
import type { AuthorizationResponse } from "../../src/auth/sign-in/authorization-response.ts";
import { startCallbackServer } from "../../src/auth/sign-in/callback/server.ts";
import { StartPage } from "../../src/auth/sign-in/callback/start-page.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { renderCallbackPage } from "../../src/render/callback-page.ts";
import { fakeClock } from "./fake-clock.ts";
import { connectionRefusal } from "./raw-http.ts";

export const callbackState = "s".repeat(42) + "1";
export const callbackCode = "ac_CANARY_CODE_1.kW3vZx8Qm2LrTy6N";
export const callbackIssuer = "https://issuer.test";
/** The redirect that the authorization server sends a browser to after an approval. */
export const goodCallback = `/auth/callback?code=${callbackCode}&state=${callbackState}`;

export interface Listening {
  server: Awaited<ReturnType<typeof startCallbackServer>>;
  port: number;
  /** What was passed on; more than one would be a second exchange. */
  responses: AuthorizationResponse[];
  start: StartPage;
  /** How often a second browser opened the start page. */
  secondOpenings: () => number;
}

/** A callback listener that is closed with the test. */
export async function listenForCallback({
  ports = [0],
  decide = () => Promise.resolve(),
  redact = (text: string) => text,
  isOtherUser = () => Promise.resolve(false),
}: {
  ports?: readonly number[];
  decide?: (response: AuthorizationResponse) => Promise<void>;
  redact?: (text: string) => string;
  isOtherUser?: () => Promise<boolean>;
} = {}): Promise<Listening> {
  const responses: AuthorizationResponse[] = [];
  let secondOpenings = 0;
  const start = new StartPage({
    random: systemRandom,
    clock: fakeClock(),
    lifetimeMs: 600_000,
    authorizationUrl: (state) => `${callbackIssuer}/authorize?state=${state}`,
    onSecondOpening: () => {
      secondOpenings++;
    },
  });
  const server = await startCallbackServer({
    ports,
    state: callbackState,
    start,
    isOtherUser,
    issuer: callbackIssuer,
    renderPage: (outcome, acceptLanguage) => renderCallbackPage(outcome, acceptLanguage, redact),
    holderOf: () => Promise.resolve(undefined),
    onResponse: (response) => {
      responses.push(response);
      return decide(response);
    },
  });
  onTestFinished(() => server.close());
  return { server, port: server.port, responses, start, secondOpenings: () => secondOpenings };
}

/** What a page says about why it failed and what to do next. */
export function reasonOf(page: string): string {
  const sections = [...page.matchAll(/<section>([^]*?)<\/section>/g)];
  return sections.map(([, text = ""]) => text.replace(/<[^>]*>/g, "")).join("\n");
}

/** Somebody else's program that holds a port of one loopback family and never says a word. */
export async function holdPort(host: "127.0.0.1" | "::1", port = 0): Promise<number> {
  const holder = await listenOn(host, port);
  onTestFinished(() => {
    holder.close();
  });
  return (holder.address() as AddressInfo).port;
}

/** Fails unless a program could now listen on both loopback families of the port. */
export async function expectPortFree(port: number): Promise<void> {
  for (const host of ["127.0.0.1", "::1"]) {
    expect(await connectionRefusal(port, host), `${host} port ${port}`).toBe("ECONNREFUSED");
  }
}

async function listenOn(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => undefined));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ port, host, exclusive: true }, resolve);
  });
  return server;
}
