import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { answerEvents } from "../simulator/index.ts";
import { simulate, startServer } from "../support/server.ts";
import { onWindows, startFor, toWindows, windowsHome } from "./rig/windows.ts";

onWindows("the tools on Windows' Node", () => {
  test("from a sign-in in the browser to the sign-out, through the launcher", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const { call, client, stop } = await startServer({
      simulator,
      home,
      entry: "shipped",
      start: startFor(home),
    });
    expect((await client.listTools()).tools.map(({ name }) => name).sort()).toEqual([
      ...["codex_clear", "codex_login", "codex_models", "codex_query", "codex_status"],
    ]);
    expect((await call("codex_status")).text).toMatch(/^Not signed in/m);

    const begun = await call("codex_login", { wait_seconds: 0 });
    expect((await simulator.signIn(String(begun.facts["authorizationUrl"]))).status).toBe(200);
    expect((await call("codex_login")).text).toContain("Signed in as c***@example.test");
    expect(simulator.stats).toMatchObject({ exchanges: 1, refreshes: 0 });
    expect(home.record()).toMatchObject({ email: "canary.user@example.test" });

    simulator.always("responses", { kind: "stream", events: answerEvents({ text: "Grüße aus 東京 👋" }) });
    expect((await call("codex_query", { prompt: "Wie heißt 東京?" })).text).toContain("Grüße aus 東京 👋");
    const question = simulator.requests.find(({ route }) => route === "responses");
    expect(question?.body).toContain("Wie heißt 東京?");
    expect((await call("codex_models")).text).toContain("This account's list");

    const status = await call("codex_status", { verbose: true });
    expect(status.text).toMatch(/^Signed in as/m);
    expect(status.text).toMatch(/Node v22\S*, win32 /);
    expect(readdirSync(home.stateDir)).toContain("debug.log");

    expect((await call("codex_clear", {})).text).toContain("Signed out");
    expect(simulator.stats.revocations).toBe(1);
    expect(home.record()).toBeUndefined();
    expect(await stop()).toEqual({ code: 0, signal: null });
  });

  test("a device code is shown, polled in the background and signs in", async () => {
    const simulator = await simulate({ switches: { deviceInterval: "1" } });
    const home = windowsHome();
    const { call } = await startServer({ simulator, home, entry: "shipped", start: startFor(home) });
    const begun = await call("codex_login", { method: "device" });
    simulator.approveDevice(String(begun.facts["userCode"]));
    expect((await call("codex_login", { wait_seconds: 30 })).text).toContain("Signed in as c***@example.test");
    expect(home.record()).toMatchObject({ email: "canary.user@example.test" });
  });

  test("without settings, login and state are in the profile's .claude", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const env = { CODEX_AUTH_FILE: "", CODEX_STATE_DIR: "" };
    const { call } = await startServer({ simulator, home, env, entry: "shipped", start: startFor(home) });
    const begun = await call("codex_login", { wait_seconds: 0 });
    expect((await simulator.signIn(String(begun.facts["authorizationUrl"]))).status).toBe(200);
    expect((await call("codex_query", { prompt: "hi" })).isError).toBe(false);
    expect(readdirSync(join(home.path, ".claude")).sort()).toEqual(["auth.json", "codex-oauth"]);
    expect(readdirSync(join(home.path, ".claude/codex-oauth"))).toContain("debug.log");
    const { facts } = await call("codex_status");
    expect(facts["authFile"]).toBe(toWindows(join(home.path, ".claude/auth.json")));
  });

  test("with an opener of the system, the call waits for the end of the sign-in", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const env = { CODEX_NO_BROWSER: "0" };
    const { call } = await startServer({ simulator, home, env, entry: "shipped", start: startFor(home) });
    const told = deferred<string>();
    const onprogress = ({ message = "" }) => {
      told.resolve(/https?:\/\/\S+$/.exec(message)?.[0] ?? "");
    };
    const answer = call("codex_login", { method: "browser", wait_seconds: 60 }, { onprogress });
    expect((await simulator.signIn(await told.promise)).status).toBe(200);
    expect((await answer).text).toContain("Signed in as c***@example.test");
  });
});
