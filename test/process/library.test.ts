import { spawn } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { overloadedBody, type Simulator } from "../simulator/index.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { codeBlocks, read, root } from "../support/documents.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { makeOpener } from "../support/opener.ts";
import { json } from "../support/replies.ts";
import { serverEnvironment, simulate } from "../support/server.ts";

interface Program {
  /** Resolves when stdout has a match, with its first group. */
  said(pattern: RegExp): Promise<string>;
  /** The exit code, when it has ended by itself. */
  over: Promise<number | null>;
  stdout: () => string;
  stderr: () => string;
}

/** Runs a program that has the package installed, against the simulator. */
function run(
  name: string,
  source: string,
  simulator: Simulator,
  home: Home,
  environment: Record<string, string> = {},
): Program {
  const modules = join(home.path, "node_modules");
  if (!existsSync(modules)) {
    mkdirSync(modules);
    symlinkSync(root, join(modules, "codex-oauth-mcp"), "dir");
  }
  writeFileSync(join(home.path, name), source);
  const env: Record<string, string> = serverEnvironment({ simulator, home, env: environment });
  delete env["CODEX_DEBUG"];
  const child = spawn(process.execPath, [name], { cwd: home.path, env, stdio: "pipe" });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const over = closed.then((code) => {
    expectNoSecrets(stdout + stderr, simulator.secrets(), "the program's output");
    return code;
  });
  return {
    over,
    stdout: () => stdout,
    stderr: () => stderr,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout);
          if (match !== null) resolve(match[1] ?? match[0]);
        };
        child.stdout.on("data", look);
        over.then(() => {
          reject(new Error(`ended without ${String(pattern)}: ${stdout}${stderr}`));
        }, reject);
        look();
      }),
  };
}

test("the README's ten lines sign in, ask and stream as they stand there", async () => {
  const [lines = ""] = codeBlocks(read("README.md"), "js");
  expect(lines.trim().split("\n")).toHaveLength(10);
  const simulator = await simulate();
  const program = run("ask.mjs", lines, simulator, makeHome());
  await simulator.signIn(await program.said(/Sign in: (http\S+)\n/));
  expect(await program.over, program.stderr()).toBe(0);
  const [, ...rest] = program.stdout().split("\n");
  expect(rest[0]).toMatch(/^PKCE protects the OAuth authorization code/);
  expect(rest.slice(1).join("\n")).toBe("The simulator received: What is a mutex?");
  expect(program.stderr()).toBe("");
});

/** The same consumer for both kinds of module. */
const consumer = `
async function main({ createCodex, CodexError }) {
  const before = process.eventNames().length;
  const codex = createCodex({ authFile: process.env.CODEX_AUTH_FILE, model: "gpt-6-sol" });
  const input = [{ type: "message", role: "user", text: "Use get_weather for Oslo." }];
  const tools = [{ name: "get_weather", parameters: { type: "object" } }];
  const first = await codex.query({ input, tools });
  const [call] = first.functionCalls;
  input.push(...first.items, { type: "function_call_output", callId: call.callId, output: "Rain." });
  const types = [];
  let text = "";
  for await (const event of codex.stream({ input, tools })) {
    if (event.type !== types.at(-1)) types.push(event.type);
    if (event.type === "text") text += event.delta;
  }
  const wrong = await codex.query({ prompt: "" }).catch((error) => error);
  const result = {
    call: call.name,
    types,
    text,
    model: first.model,
    refused: [wrong instanceof CodexError, wrong.code],
    handlers: process.eventNames().length - before,
  };
  console.log(JSON.stringify(result));
}
`;
const expected = {
  call: "get_weather",
  types: ["reasoning", "text", "usage", "completed"],
  text: "The function gave: Rain.",
  model: "gpt-6-sol",
  refused: [true, "BAD_REQUEST"],
  handlers: 0,
};

test.each([
  ["an ES module", "use.mjs", 'import * as codex from "codex-oauth-mcp";\nawait main(codex);\n'],
  ["CommonJS", "use.cjs", 'main(require("codex-oauth-mcp"));\n'],
])("%s can use it, and ends by itself", async (_, name, start) => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const program = run(name, `${start}${consumer}`, simulator, home);
  expect(await program.over, program.stderr()).toBe(0);
  expect(JSON.parse(program.stdout())).toEqual(expected);
  expect(program.stderr()).toBe("");
});

test("import and require give one and the same module", async () => {
  const simulator = await simulate();
  const source =
    'import { createRequire } from "node:module";\nimport * as a from "codex-oauth-mcp";\n' +
    'const b = createRequire(import.meta.url)("codex-oauth-mcp");\n' +
    "console.log(Object.keys(b).sort().join(), Object.keys(b).every((name) => a[name] === b[name]));\n";
  const program = run("both.mjs", source, simulator, makeHome());
  expect(await program.over, program.stderr()).toBe(0);
  const names = "CodexError,createCodex,describeNext,errorCodes,version";
  expect(program.stdout()).toBe(`${names} true\n`);
});

test("a program with nothing else to do stays for the pause before a repetition", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  simulator.next("responses", json(503, overloadedBody(), { connection: "close" }));
  const source =
    'import { createCodex } from "codex-oauth-mcp";\n' +
    'console.log((await createCodex().query({ prompt: "Hi" })).text);\n';
  const program = run("pause.mjs", source, simulator, home);
  expect(await program.over, program.stderr()).toBe(0);
  expect(program.stdout()).toBe("The simulator received: Hi\n");
});

test("options and settings that cannot be used are told at once, by name", async () => {
  const simulator = await simulate();
  const source =
    'import { createCodex } from "codex-oauth-mcp";\n' +
    'for (const options of [{ authfile: "x" }, { model: 5 }, { baseUrl: "nonsense" },\n' +
    '  { credentials: { load() {} } }, { credentials: new Map(), authFile: "/x" },\n' +
    '  { credentials: { load() {}, save() {} }, authFile: "/x" }]) {\n' +
    "  try { createCodex(options); } catch (error) { console.log(error.code, error.message); }\n}\n";
  const program = run("wrong.mjs", source, simulator, makeHome());
  expect(await program.over, program.stderr()).toBe(0);
  const said = program.stdout().trim().split("\n");
  expect(said).toEqual([
    expect.stringMatching(
      /^CONFIG The options cannot be used: authfile is unknown \(accepted: authFile, credentials, /,
    ),
    "CONFIG The options cannot be used: model must be a string.",
    expect.stringMatching(/^CONFIG The option baseUrl cannot be used: it is not a URL\.$/),
    "CONFIG The options cannot be used: credentials must have the methods load and save.",
    "CONFIG The options cannot be used: credentials must have the methods load and save.",
    "CONFIG The options authFile and credentials exclude each other.",
  ]);
});

test("after close() nothing is sent, and the program ends though a login could not be saved", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  simulator.next("token:refresh", {
    kind: "default",
    afterCommit: simulator.waitForRequest("token:refresh").then(() => {
      writeFileSync(`${home.authFile}.lock`, "no lock"); // no save comes past it
    }),
  });
  const source =
    'import { createCodex } from "codex-oauth-mcp";\nconst codex = createCodex();\n' +
    'const first = await codex.query({ prompt: "Hi" }).catch((error) => error.code);\n' +
    'const late = codex.query({ prompt: "Late" }).catch((error) => error.code);\n' +
    "await codex.close();\n" +
    "const begun = await codex.signIn().catch((error) => error.code);\n" +
    'const later = await codex.query({ prompt: "Later" }).catch((error) => error.code);\n' +
    "console.log(JSON.stringify([first, await late, begun, later]));\n";
  const program = run("closed.mjs", source, simulator, home);
  expect(await program.over, program.stderr()).toBe(0);
  const ended = "CANCELLED";
  expect(JSON.parse(program.stdout())).toEqual(["STORAGE", ...[ended, ended, ended]]);
  expect(simulator.requests.map(({ route }) => route)).toEqual(["token:refresh"]);
  expect(home.record()?.["refreshToken"]).toBe(spent);
});

test("an error has no secret in it, also where the service quotes one", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator);
  const detail = `Bad token ${refreshToken}.`;
  simulator.always("responses", json(400, { detail }));
  const source =
    'import { inspect } from "node:util";\nimport { createCodex } from "codex-oauth-mcp";\n' +
    'await createCodex().query({ prompt: "Hi" }).catch((error) => console.log(inspect(error)));\n';
  const program = run("quoted.mjs", source, simulator, home);
  expect(await program.over, program.stderr()).toBe(0); // and nothing that was said is a secret
  expect(program.stdout()).toContain("Bad token");
});

test.each([
  ["by default", "{}", "0", false, "option"],
  ["by default, with CODEX_NO_BROWSER", "{}", "1", false, "setting"],
  ["with openBrowser", "{ openBrowser: true }", "0", true, undefined],
  ["with openBrowser that CODEX_NO_BROWSER forbids", "{ openBrowser: true }", "1", false, "setting"],
])("signIn %s: createCodex(%s), CODEX_NO_BROWSER=%s, opened: %s, reason: %s", async (...args) => {
  const [, options, setting, opens, because] = args;
  const simulator = await simulate();
  const home = makeHome();
  const opener = makeOpener(home, "follows the URL");
  const source =
    `import { createCodex } from "codex-oauth-mcp";\nconst codex = createCodex(${options});\n` +
    'const login = await codex.signIn({ method: "browser" });\n' +
    "const opened = await login.browserOpened;\nif (opened) await login.completed;\n" +
    "console.log(JSON.stringify([opened, login.authorizationUrl, login.reason?.because]));\nawait codex.close();\n";
  const env = { CODEX_NO_BROWSER: setting, DISPLAY: ":0", PATH: opener.path };
  const program = run("browser.mjs", source, simulator, home, env);
  expect(await program.over, program.stderr()).toBe(0);
  const [opened, url, reason] = JSON.parse(program.stdout()) as [boolean, string, string | null];
  expect(opened).toBe(opens);
  expect(reason ?? undefined).toBe(because);
  const { redirect_uri: redirect = "" } = Object.fromEntries(new URL(url).searchParams);
  const start = `${new URL(redirect).origin}/start/`;
  expect(opener.calls()).toEqual(opens ? [[expect.stringContaining(start)]] : []);
});
