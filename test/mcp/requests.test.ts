import type { JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { paramsFault } from "../../src/mcp/requests.ts";

const name = "codex_status";

test.each<[string, object | undefined, string | undefined]>([
  ["tools/call", undefined, "tools/call: params is required."],
  ["tools/call", {}, "tools/call: params.name is required."],
  ["tools/call", { name: 5 }, "tools/call: params.name must be a string."],
  ["tools/call", { name, _meta: 5 }, "tools/call: params._meta must be an object."],
  ["tools/call", { name, task: "x" }, "tools/call: params.task must be an object."],
  ["tools/call", { name, _meta: { progressToken: {} } }, "tools/call: params._meta.progressToken has a wrong form."],
  ["tools/list", { cursor: 5 }, "tools/list: params.cursor must be a string."],
  ["tools/list", [], "tools/list: params must be an object."],
  ["ping", { _meta: 5 }, "ping: params._meta must be an object."],
  ["initialize", undefined, "initialize: params is required."],
  ["initialize", { protocolVersion: 5 }, "initialize: params.protocolVersion must be a string."],
  ["tools/call", { name, arguments: 5 }, undefined],
  ["tools/call", { name, _meta: { progressToken: "a" } }, undefined],
  ["tools/list", undefined, undefined],
  ["ping", undefined, undefined],
  ["no/method", { name: 5 }, undefined],
])("%s with params %j: %s", (method, params, fault) => {
  expect(paramsFault({ jsonrpc: "2.0", id: 1, method, ...(params && { params }) } as JSONRPCRequest)).toBe(fault);
});
