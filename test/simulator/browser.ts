import { request, type IncomingMessage } from "node:http";

import { DECISION_HEADER } from "./authorize.ts";
import type { CallbackPage, Decision } from "./types.ts";

/** What a browser tries for `localhost`, in the order in which the callback listener is likely up. */
const LOCALHOST = ["127.0.0.1", "::1"];

/** Opens the authorization URL and returns where the service sends the browser. */
export async function followAuthorization(url: string, decision: Decision): Promise<string> {
  const page = await get(new URL(url), { [DECISION_HEADER]: JSON.stringify(decision) });
  const location = page.headers["location"];
  if (page.status >= 300 && page.status < 400 && location !== undefined) return location;
  throw new Error(`The authorization page answered ${String(page.status)}: ${page.body}`);
}

/** Goes to the client's callback. */
export async function followRedirect(location: string): Promise<CallbackPage> {
  const url = new URL(location);
  const hosts = url.hostname === "localhost" ? LOCALHOST : [url.hostname.replace(/^\[|\]$/g, "")];
  let failure: unknown;
  for (const host of hosts) {
    try {
      return await get(url, {}, host);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function get(
  url: URL,
  headers: Record<string, string>,
  connectTo = url.hostname.replace(/^\[|\]$/g, ""),
): Promise<CallbackPage> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      host: connectTo,
      port: url.port,
      path: `${url.pathname}${url.search}`,
      // A pooled connection would outlive the page and hold the callback's port open.
      agent: false,
      headers: { host: url.host, "user-agent": "Mozilla/5.0 (simulated browser)", ...headers },
    } as const;
    request(options, resolve).on("error", reject).end();
  });
  let body = "";
  message.setEncoding("utf8");
  for await (const text of message as AsyncIterable<string>) body += text;
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { status: message.statusCode ?? 0, headers: plain, body };
}
