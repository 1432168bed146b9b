import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { ChildTransport } from "../support/child-transport.ts";
import { writeLogin } from "../support/home.ts";
import { serverEnvironment, simulate } from "../support/server.ts";
import { onWindows, startFor, toWindows, windowsHome } from "./rig/windows.ts";

const script = `
const { createCodex } = require(process.argv[1]);
const codex = createCodex();
void (async () => {
  const { authFile } = await codex.status();
  const { text } = await codex.query({ prompt: "Wie heißt 東京?" });
  console.log(JSON.stringify({ authFile, text }));
  await codex.close();
})();
`;

onWindows("the library on Windows' Node", () => {
  test("asks with the login that the environment names, whatever the case of the name", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    writeLogin(home, simulator);
    const renamed = { CODEX_AUTH_FILE: "", Codex_Auth_File: home.authFile };
    const env = serverEnvironment({ simulator, home, env: renamed });
    const library = toWindows(join(inject("windows").packageRoot, "dist/index.cjs"));
    const program = new ChildTransport("node", ["-e", script, library], env, home.path, startFor(home));
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(JSON.parse(program.lines.join(""))).toEqual({
      authFile: toWindows(home.authFile),
      text: expect.stringContaining("Wie heißt 東京?") as string,
    });
  });
});
