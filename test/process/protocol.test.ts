import { describe, expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { RawClient } from "../support/raw-client.ts";
import { simulate, startProcess } from "../support/server.ts";

const mebibyte = 1024 * 1024;

async function start(entry: "shipped" | "test" = "test") {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const transport = startProcess({ simulator, home, entry });
  return { simulator, transport, client: new RawClient(transport) };
}

const status = (id: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "codex_status" } });

test.each(["shipped", "test"] as const)(
  "lines that are no message are answered, and the next call works (%s entry)",
  async (entry) => {
    const { transport, client } = await start(entry);
    await client.initialize();
    const cases: [bytes: string | Uint8Array, code: number, id: unknown][] = [
      ["garbage\n", -32700, null],
      ["42\n", -32600, null],
      ['{"foo":1}\n', -32600, null],
      ['{"id":"no-jsonrpc","method":"ping"}\n', -32600, "no-jsonrpc"],
      [`[${status("in-a-batch")}]\n`, -32600, "in-a-batch"],
      [Buffer.from([0x7b, 0xff, 0xfe, 0x0a]), -32700, null],
      [Buffer.concat([Buffer.alloc(65 * mebibyte, "x"), Buffer.from("\n")]), -32600, null],
    ];
    for (const [bytes, code, id] of cases) {
      const before = transport.lines.length;
      transport.write(bytes);
      await client.expectWorking();
      expect(client.messages().slice(before)[0]).toMatchObject({ id, error: { code } });
    }
    for (const silent of ["\n", "\r\n", "   \n\n\n"]) {
      const before = transport.lines.length;
      transport.write(silent);
      await client.expectWorking();
      expect(transport.lines).toHaveLength(before + 1);
    }
  },
);

test("messages arrive whole, however the bytes come", async () => {
  const { transport, client } = await start();
  transport.write(`${status(1)}\r\n`);
  transport.write(`${status(2)}\n${status(3)}\n`);
  for (const byte of Buffer.from(`${status("vier €")}\n`)) transport.write(Buffer.of(byte));
  const broken = Buffer.from(`${status("5 ?")}\n`);
  broken[broken.indexOf("?")] = 0xff;
  transport.write(broken);
  for (const id of [1, 2, 3, "vier €", "5 \uFFFD"]) {
    expect((await client.answer(id)).result?.isError, String(id)).toBeUndefined();
  }
});

describe("names that nobody has", () => {
  const names = ["nope", "__proto__", "constructor", "toString", "hasOwnProperty", "", "x".repeat(200)];

  test("get the same text, for tools and for methods", async () => {
    const { client } = await start();
    for (const name of names) {
      const shown = name.length > 60 ? `${name.slice(0, 59)}…` : name;
      expect((await client.call(name)).error, name).toEqual({
        code: -32602,
        message: `Unknown tool: ${shown}`,
      });
      expect((await client.request(name)).error, name).toEqual({
        code: -32601,
        message: "Method not found",
      });
    }
    await client.expectWorking();
  });

  test("a name that is none is refused", async () => {
    const { client } = await start();
    for (const name of [42, null, {}, ["codex_status"]]) {
      const { error } = await client.request("tools/call", { name });
      expect(error, JSON.stringify(name)).toEqual({
        code: -32602,
        message: "tools/call: params.name must be a string.",
      });
    }
    await client.expectWorking();
  });
});

test("parameters of a wrong form get one sentence, for every method", async () => {
  const { client } = await start();
  const cases: [method: string, params: unknown, message: string][] = [
    ["tools/call", undefined, "tools/call: params is required."],
    ["tools/call", {}, "tools/call: params.name is required."],
    ["tools/call", { name: "codex_status", _meta: 5 }, "tools/call: params._meta must be an object."],
    ["tools/call", { name: "codex_status", task: "x" }, "tools/call: params.task must be an object."],
    ["tools/list", { cursor: 5 }, "tools/list: params.cursor must be a string."],
    ["ping", { _meta: 5 }, "ping: params._meta must be an object."],
    ["initialize", undefined, "initialize: params is required."],
    ["initialize", { protocolVersion: 5 }, "initialize: params.protocolVersion must be a string."],
    [
      "tools/call",
      { name: "codex_status", _meta: { progressToken: {} } },
      "tools/call: params._meta.progressToken has a wrong form.",
    ],
    ["tools/list", [], "tools/list: params must be an object."],
    ["tools/list", "all", "tools/list: params must be an object."],
  ];
  for (const [n, [method, params, message]] of cases.entries()) {
    const id = `wrong-${n}`;
    client.send({ jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) });
    expect((await client.answer(id)).error, message).toEqual({ code: -32602, message });
  }
  await client.expectWorking();
});

test("arguments of any shape and size are judged, and the next call works", async () => {
  const { client, transport, simulator } = await start();
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const nested = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"codex_query","arguments":{"prompt":${deep}}}}`;
  transport.write(`${nested}\n`);
  expect((await client.answer(1)).result?.content?.[0]?.text).toMatch(/^BAD_REQUEST: .*prompt must be a string/);
  for (const length of [4 * mebibyte + 1, 11 * mebibyte]) {
    const long = await client.call("codex_query", { prompt: "x".repeat(length) });
    expect(long.result?.content?.[0]?.text).toMatch(/^BAD_REQUEST: .*at most 4,194,304 characters/);
  }
  const own = '{"prompt":"hi","__proto__":{"polluted":true},"constructor":1,"toString":2}';
  transport.write(
    `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"codex_query","arguments":${own}}}\n`,
  );
  expect((await client.answer(2)).result?.content?.[0]?.text).toMatch(
    /^BAD_REQUEST: .*constructor, toString is unknown/,
  );
  for (const args of [[], "hi", 42, true]) {
    const { result } = await client.call("codex_query", args);
    expect(result?.content?.[0]?.text, JSON.stringify(args)).toMatch(/^BAD_REQUEST: .*the arguments must be an object/);
  }
  const none = await client.call("codex_query", null);
  expect(none.result?.content?.[0]?.text).toMatch(/^BAD_REQUEST: .*prompt is required/);
  const unneeded = await client.call("codex_status", null);
  expect(unneeded.result?.content?.[0]?.text).toMatch(/^Signed in as/m);
  expect(simulator.requests).toEqual([]);
  await client.expectWorking();
});

test("a question of the greatest length is asked, in any script", async () => {
  const { client, simulator } = await start();
  const prompt = "語".repeat(4 * mebibyte);
  simulator.next("responses", { kind: "stream", events: answerEvents({ text: "read" }) });
  const { result } = await client.call("codex_query", { prompt, system_prompt: prompt });
  expect(result?.content?.[0]?.text).toMatch(/^Codex answers:\n\nread\n/);
});

test("answers go to their own ids, whatever these look like", async () => {
  const { client, transport, simulator } = await start();
  simulator.always("responses", (request) => {
    const { input } = request.json as { input: { content: { text: string }[] }[] };
    return echo(input.at(-1)?.content[0]?.text ?? "");
  });
  const ids = [0, -1, 2 ** 53 - 1, "", "1", 1, "ключ", "x".repeat(1_000)];
  await Promise.all(
    ids.map(async (id) => {
      const { result } = await client.call("codex_query", { prompt: `for ${JSON.stringify(id)}` }, id);
      expect(result?.content?.[0]?.text).toContain(`echo: for ${JSON.stringify(id)}`);
    }),
  );
  // Two calls under one id: both are answered, neither gets a piece of the other.
  for (const prompt of ["first", "second"]) {
    client.send({
      jsonrpc: "2.0",
      id: "twin",
      method: "tools/call",
      params: { name: "codex_query", arguments: { prompt } },
    });
  }
  await transport.lineWhere(() => client.count("twin") === 2);
  const texts = client
    .messages()
    .filter(({ id }) => id === "twin")
    .map(({ result }) => result?.content?.[0]?.text.split("\n")[2]);
  expect(texts.sort()).toEqual(["echo: first", "echo: second"]);
});

test("speaks before, during and after the handshake of any host", async () => {
  const { client } = await start();
  const probe = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
  expect((await client.request("server/discover", probe, "server-discover-probe-1")).error).toEqual({
    code: -32601,
    message: "Method not found",
  });
  await client.expectWorking(); // before initialize
  for (const version of ["2025-11-25", "2024-11-05", "2025-11-25"]) {
    expect((await client.initialize(version)).result?.["protocolVersion"]).toBe(version);
  }
  expect((await client.initialize("1999-01-01")).result?.["protocolVersion"]).toBe("2025-11-25");
  expect((await client.request("ping")).result).toEqual({});
  await client.expectWorking();
});

function echo(prompt: string) {
  return { kind: "stream" as const, events: answerEvents({ text: `echo: ${prompt}` }) };
}
