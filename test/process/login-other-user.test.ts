import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeHome } from "../support/home.ts";
import { makeOpener } from "../support/opener.ts";
import { noOtherUser, requestAsOtherUser } from "../support/other-user.ts";
import { simulate, startServer } from "../support/server.ts";

/** A sign-in whose browser takes its time, and the URL that every user of the machine can read meanwhile. */
async function slowBrowser() {
  const simulator = await simulate();
  const home = makeHome();
  const opener = makeOpener(home, "hangs");
  const env = { CODEX_NO_BROWSER: "0", DISPLAY: ":0", PATH: opener.path };
  const server = await startServer({ simulator, home, env, entry: "shipped" });
  const { facts } = await server.call("codex_login", { method: "browser", wait_seconds: 0 });
  const { pid, argv } = opener.processes()[0] ?? { pid: 0, argv: [] };
  return { simulator, server, printed: String(facts["authorizationUrl"]), pid, url: argv[0] ?? "" };
}

describe.skipIf(noOtherUser)(`with a second user (${noOtherUser ?? "this one is root"})`, () => {
  test("the opener's arguments show no state, no challenge and no authorization URL", async () => {
    const { pid, url, printed } = await slowBrowser();
    const seen = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    expect(seen).toContain(url);
    const { state, code_challenge: challenge } = Object.fromEntries(new URL(printed).searchParams);
    for (const secret of [state, challenge, "oauth/authorize"]) expect(seen).not.toContain(secret);
  });

  test("somebody else who follows the opener's URL is not led to the sign-in, which goes on waiting", async () => {
    const { simulator, server, url, printed } = await slowBrowser();
    const [start] = await requestAsOtherUser(url);
    const authorization = start?.location ?? url;
    // What he would do next: approve with his own account, and bring the code.
    if (new URL(authorization).origin === simulator.issuer) {
      await requestAsOtherUser(url, await simulator.authorize(authorization));
    }
    expect(start).toEqual({ status: 403, location: null });
    expect((await server.call("codex_status")).facts["signedIn"]).toBe(false);
    expect((await simulator.signIn(printed)).status).toBe(200);
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
  });

  test("somebody else can't end the sign-in with an error", async () => {
    const { simulator, server, url, printed } = await slowBrowser();
    const known = new URL(url).searchParams.get("state") ?? "";
    const callback = new URL(new URL(printed).searchParams.get("redirect_uri") ?? "");
    callback.search = new URLSearchParams({ error: "access_denied", state: known }).toString();
    await requestAsOtherUser(callback.href);
    expect((await simulator.signIn(printed)).status).toBe(200);
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
  });
});
