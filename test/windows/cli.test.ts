import { expect, test } from "vitest";
import { version } from "../../src/shared/version.ts";
import { answerEvents, errorBody } from "../simulator/index.ts";
import { runCli, startCli } from "../support/cli.ts";
import { writeLogin } from "../support/home.ts";
import { simulate } from "../support/server.ts";
import { onWindows, startFor, windowsHome } from "./rig/windows.ts";

async function shell() {
  const simulator = await simulate();
  const home = windowsHome();
  const options = { simulator, home, start: startFor(home) };
  const run = (args: string[], input?: string) =>
    runCli({ ...options, args, ...(input === undefined ? {} : { input }) });
  return { simulator, home, options, run };
}

onWindows("the command line on Windows' Node", () => {
  test("what a command comes to is its exit code", async () => {
    const { simulator, home, run } = await shell();
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    expect(await run(["frobnicate"])).toMatchObject({ code: 2, stdout: "" });
    expect(await run(["status"])).toMatchObject({ code: 3, stderr: "" });
    writeLogin(home, simulator);
    expect(await run(["status", "--json"])).toMatchObject({ code: 0, stderr: "" });
    simulator.always("responses", { kind: "json", status: 400, body: errorBody({ message: "No." }) });
    expect(await run(["query", "hi"])).toMatchObject({ code: 1, stdout: "" });
  });

  test("a prompt comes through a pipe, and the answer leaves through one, in UTF-8", async () => {
    const { simulator, home, run } = await shell();
    writeLogin(home, simulator);
    simulator.always("responses", { kind: "stream", events: answerEvents({ text: "Grüße aus 東京 👋" }) });
    const { code, stdout } = await run(["query", "Übersetze:", "-"], "東京\r\n");
    expect(code).toBe(0);
    expect(stdout).toContain("Grüße aus 東京 👋");
    const body = simulator.requests.find(({ route }) => route === "responses")?.body ?? "";
    expect(body).toContain("Übersetze:");
    expect(body).toContain("東京");
  });

  test("a reader that hangs up ends the command, and nothing is thrown", async () => {
    const { simulator, home, options } = await shell();
    writeLogin(home, simulator);
    const text = "many words ".repeat(20_000);
    simulator.always("responses", { kind: "stream", events: answerEvents({ text }) });
    const run = startCli({ ...options, args: ["query", "hi"] });
    run.hangUp("stdout");
    expect((await run.ended).code).not.toBeNull();
    expect(run.stderr()).not.toMatch(/\bat .*:\d+:\d+|Error:/);
  });

  test("a sign-in with a device, the doctor and a sign-out", async () => {
    const { simulator, home, options, run } = await shell();
    simulator.switches = { ...simulator.switches, deviceInterval: "1" };
    const login = startCli({ ...options, args: ["login", "--device"] });
    await login.seen("stderr", /SIML-\d+/);
    simulator.approveDevice(/SIML-\d+/.exec(login.stderr())?.[0] ?? "");
    expect(await login.ended).toMatchObject({ code: 0 });
    const doctor = await run(["doctor", "--json"]);
    expect(doctor.code).toBe(0);
    const { platform, findings } = JSON.parse(doctor.stdout) as { platform: string; findings: { check: string }[] };
    expect(platform).toMatch(/^win32 /);
    // Wine's icacls does nothing, so there is no more than a note.
    expect(findings.filter(({ check }) => check === "login file rights")).toMatchObject([{ level: "note" }]);
    expect((await run(["logout", "--yes"])).code).toBe(0);
    expect(simulator.stats.revocations).toBe(1);
    expect(home.record()).toBeUndefined();
  });
});
