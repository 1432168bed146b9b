import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { fetchedPackage } from "../support/fetched-package.ts";
import { pinned } from "./support/packages.ts";
import { asked, peerRig } from "./support/rig.ts";

// The parts of the official client's second major version that are used here.
interface Result {
  content: { type: string; text: string }[];
  isError?: boolean;
  _meta?: Record<string, unknown>;
}
interface Client {
  connect(transport: object): Promise<void>;
  close(): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(
    request: { name: string; arguments?: object },
    options?: { onprogress?: (progress: { message?: string }) => void; signal?: AbortSignal },
  ): Promise<Result>;
  getNegotiatedProtocolVersion(): string | undefined;
  getServerVersion(): { name: string } | undefined;
  getInstructions(): string | undefined;
}
interface ClientModule {
  Client: new (info: object, options?: object) => Client;
}
interface StdioModule {
  StdioClientTransport: new (server: object) => object;
}

let client: ClientModule;
let stdio: StdioModule;
beforeAll(async () => {
  const dist = join(fetchedPackage(pinned.client), "dist");
  const load = (name: string) => import(pathToFileURL(join(dist, name)).href);
  client = (await load("index.mjs")) as ClientModule;
  stdio = (await load("stdio.mjs")) as StdioModule;
});

async function connect(rig: Awaited<ReturnType<typeof peerRig>>, mode: string): Promise<Client> {
  const one = new client.Client({ name: "peers", version: "1.0.0" }, { versionNegotiation: { mode } });
  await one.connect(new stdio.StdioClientTransport({ ...rig.entry, stderr: "ignore" }));
  onTestFinished(() => one.close());
  return one;
}

test.each([
  ["auto", ["server/discover", "initialize", "notifications/initialized"]],
  ["legacy", ["initialize", "notifications/initialized"]],
])("the official client 2.x (%s) agrees on a version and asks a question", async (mode, greeting) => {
  const rig = await peerRig({ answer: "Forty-two." });
  const one = await connect(rig, mode);
  expect(one.getNegotiatedProtocolVersion()).toBe("2025-11-25");
  expect(one.getServerVersion()?.name).toBe("codex");
  expect(one.getInstructions()).toContain("codex_query");
  const { tools } = await one.listTools();
  expect(tools.map(({ name }) => name)).toContain("codex_query");
  expect(asked(rig.said())).toEqual([...greeting, "tools/list"]);

  const progress: (string | undefined)[] = [];
  const result = await one.callTool(
    { name: "codex_query", arguments: { prompt: "The answer?" } },
    { onprogress: ({ message }) => void progress.push(message) },
  );
  expect(result.content[0]?.text).toMatch(/^Codex answers:\n\nForty-two\.\n\n— /);
  expect(result._meta).toMatchObject({ "codex-oauth/result": { model: "gpt-6.1-sol" } });
  expect(progress[0]).toContain("waiting for Codex");
});

test("the official client 2.x gets refusals as errors, and failures as results", async () => {
  const rig = await peerRig({ signedIn: false });
  const one = await connect(rig, "auto");
  const call = (name: string, args: object) => one.callTool({ name, arguments: args });
  const failed = await call("codex_query", { prompt: "hi" });
  expect(failed).toMatchObject({ isError: true });
  expect(failed.content[0]?.text).toMatch(/^AUTH_REQUIRED: .*\nNext: Call codex_login/);
  await expect(call("nobody", {})).rejects.toThrow("Unknown tool: nobody");
  const wrong = await call("codex_query", { question: "hi" });
  expect(wrong.content[0]?.text).toMatch(/^BAD_REQUEST: /);
});

test("a call that the official client 2.x gives up closes the question upstream", async () => {
  const rig = await peerRig();
  rig.simulator.next("responses", { kind: "hang" });
  const one = await connect(rig, "auto");
  const stop = new AbortController();
  const call = one.callTool({ name: "codex_query", arguments: { prompt: "hi" } }, { signal: stop.signal });
  const refused = expect(call).rejects.toThrow();
  const request = await rig.simulator.waitForRequest("responses");
  stop.abort(new Error("no longer wanted"));
  await refused;
  await request.done;
  expect(request.closedBy).toBe("client");
  expect(asked(rig.said())).toContain("notifications/cancelled");
});
