import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { simulate, startProcess, startServer } from "../support/server.ts";
import { RawClient } from "../support/raw-client.ts";
import { onWindows, startFor, windowsHome } from "./rig/windows.ts";

onWindows("the launcher on Windows' Node", () => {
  test("keeps what V8 compiled, and starts from it", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const options = { simulator, home, entry: "shipped" as const, start: startFor(home) };
    for (let n = 0; n < 2; n++) {
      const { call, stop } = await startServer(options);
      expect((await call("codex_status")).text).toMatch(/^Not signed in/m);
      expect(await stop()).toEqual({ code: 0, signal: null });
    }
    const kept = readdirSync(join(inject("windows").packageRoot, "dist/.compiled"));
    expect(kept).toEqual([expect.stringMatching(/^v22\..*-x64\.bin$/)]);
  });

  test("the end of stdin ends the server with 0", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const transport = startProcess({ simulator, home, entry: "shipped", start: startFor(home) });
    const client = new RawClient(transport);
    expect((await client.initialize()).result).toMatchObject({ serverInfo: { name: "codex" } });
    client.send({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "codex_status", arguments: {} } });
    await client.answer(7);
    await transport.close();
    expect(await transport.exited).toEqual({ code: 0, signal: null });
  });
});
