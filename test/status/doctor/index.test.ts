import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testApp } from "../../support/app.ts";
import { listenOnly } from "../../support/evil.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import { renderFix } from "../../../src/render/next-step.ts";

const open = new AbortController().signal;

test("a proxy that never answers is a problem of the network that names its variable", async () => {
  const proxy = await listenOnly();
  const clock = fakeClock(Date.now());
  const env = { HTTPS_PROXY: proxy.origin, CODEX_CALLBACK_PORTS: "0" };
  const { codex } = testApp({ home: makeHome(), clock, env });
  const examined = codex.doctor({ signal: open });
  await proxy.heard;
  for (let second = 0; second < 12; second++) await clock.advance(1_000);
  const network = (await examined).findings.filter(({ check }) => check === "network");
  expect(network.map(({ level }) => level)).toEqual(["problem", "problem"]);
  for (const { message, fix } of network) {
    expect(message).toContain("The proxy of HTTPS_PROXY gave no way");
    expect(renderFix(fix ?? [], "cli")).toMatch(/HTTPS_PROXY/);
  }
});

test("a folder that may not be entered is the one cause, and the network is looked at all the same", async () => {
  const proxy = await listenOnly("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  const home = makeHome();
  const closed = join(home.path, "closed");
  mkdirSync(closed);
  chmodSync(home.path, 0o755);
  const env = {
    HTTPS_PROXY: proxy.origin,
    CODEX_CALLBACK_PORTS: "0",
    CODEX_AUTH_FILE: join(closed, ".claude", "auth.json"),
    CODEX_STATE_DIR: join(closed, ".cache", "codex-oauth"),
  };
  const { codex } = testApp({ home, env });
  await codex.doctor({ signal: open }); // loads every module
  chmodSync(closed, 0o000);
  onTestFinished(() => {
    chmodSync(closed, 0o700);
  });
  const { findings: found } = await withoutPrivileges(() => codex.doctor({ signal: open }));
  const files = found.filter(({ check }) => /file|folder|lock/.test(check));
  expect(files.filter(({ level }) => level === "problem")).toMatchObject([
    { check: "login folder", message: expect.stringContaining("(EACCES)") as string },
  ]);
  expect(files.map(({ check }) => check)).not.toContain("file lock");
  expect(JSON.stringify(found)).not.toContain("blocks every change");
  const network = found.filter(({ check }) => check === "network");
  expect(network.map(({ message }) => message)).toEqual([
    expect.stringMatching(/auth\.openai\.com.*HTTPS_PROXY/),
    expect.stringMatching(/chatgpt\.com.*HTTPS_PROXY/),
  ]);
});
