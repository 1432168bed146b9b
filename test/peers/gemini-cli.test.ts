import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hostConfiguration } from "../../src/cli/install/hosts.ts";
import { answered, fakeGemini, offered } from "./support/fake-gemini.ts";
import { pinned, programOf } from "./support/packages.ts";
import { peerRig, type PeerRig } from "./support/rig.ts";
import { run, type Ran } from "./support/run.ts";

let gemini: string;
beforeAll(() => {
  gemini = programOf(pinned.gemini, "gemini");
});

/** The real Gemini CLI with our entry in its settings; what it asks of Google stays on loopback. */
function start({ home, entry }: PeerRig, baseUrl: string, ...args: string[]): Promise<Ran> {
  const folder = join(home.path, ".gemini");
  mkdirSync(folder);
  const { text } = hostConfiguration("gemini", entry);
  const settings = {
    ...(JSON.parse(text) as object),
    security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
    privacy: { usageStatisticsEnabled: false },
    general: { disableAutoUpdate: true, enableAutoUpdate: false },
  };
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
  return run(process.execPath, [gemini, ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home.path,
      GEMINI_API_KEY: "not-a-key",
      GOOGLE_GEMINI_BASE_URL: baseUrl,
    },
    cwd: home.path,
  });
}

test("the real Gemini CLI connects", async () => {
  const rig = await peerRig();
  const ran = await start(rig, "http://127.0.0.1:9", "mcp", "list");
  expect(ran.stdout + ran.stderr).toMatch(/codex: .* \(stdio\) - Connected/);
});

test("the real Gemini CLI asks a question, and shows the model the answer", async () => {
  const rig = await peerRig({ answer: "Yes, a mutex is needed." });
  const tool = "mcp_codex_codex_query";
  const { baseUrl, requests } = await fakeGemini(tool, { prompt: "Is a mutex needed?" });
  const command = ["-p", "Ask Codex.", "-m", "gemini-2.5-pro", "--approval-mode", "yolo"];
  const ran = await start(rig, baseUrl, ...command);
  expect(ran.code, ran.stderr).toBe(0);
  expect(offered(requests[0] ?? {}).map(({ name }) => name)).toContain(tool);
  const [answer] = answered(requests.at(-1) ?? {});
  expect(answer?.name).toBe(tool);
  expect(JSON.stringify(answer?.response)).toContain("Yes, a mutex is needed.");
});

test("the real Gemini CLI shows the model a failure with its code and the next step", async () => {
  const rig = await peerRig({ signedIn: false });
  const { baseUrl, requests } = await fakeGemini("mcp_codex_codex_query", { prompt: "hi" });
  const command = ["-p", "Ask Codex.", "-m", "gemini-2.5-pro", "--approval-mode", "yolo"];
  await start(rig, baseUrl, ...command);
  const shown = JSON.stringify(answered(requests.at(-1) ?? {}));
  expect(shown).toContain("AUTH_REQUIRED: Nobody is signed in to ChatGPT here.");
  expect(shown).toContain("Next: Call codex_login");
});
