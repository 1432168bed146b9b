import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { restart, setVariable } from "../../../src/shared/next-step.ts";
import { testApp, type TestAppOptions } from "../../support/app.ts";
import { makeHome } from "../../support/home.ts";
import { codexCliFile, codexHome, writeCodexCliLogin } from "../../support/modes.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";

/** Every name, content and time below a folder. */
function everything(folder: string): unknown[] {
  return readdirSync(folder).map((name) => {
    const path = join(folder, name);
    const { mtimeMs, mode, nlink } = lstatSync(path);
    return [name, lstatSync(path).isFile() ? readFileSync(path, "utf8") : "", mtimeMs, mode, nlink];
  });
}

type Plant = (official: string, path: (name: string) => string) => string;

const otherNames: Record<string, Plant> = {
  "its own path": (official) => official,
  "a path with another spelling": (official) => official.replace("/auth.json", "/../codex-home//auth.json"),
  "its path through a link to the folder": (official, path) => {
    symlinkSync(join(official, ".."), path("linked"));
    return join(path("linked"), "auth.json");
  },
  "a symbolic link": (official, path) => {
    symlinkSync(official, path("link.json"));
    return path("link.json");
  },
  "a hard link": (official, path) => {
    linkSync(official, path("hard.json"));
    return path("hard.json");
  },
  "its path before the first sign-in there": (official) => {
    unlinkSync(official);
    return official;
  },
  "its path before the first sign-in there, in other letters": (official) => {
    unlinkSync(official);
    return join(official, "..", "Auth.JSON");
  },
};

test.each(Object.entries(otherNames))("the official client's login file is refused by %s", async (_, plant) => {
  const [simulator, home] = [await simulate(), makeHome()];
  writeCodexCliLogin(home, simulator);
  const authFile = plant(codexCliFile(home), (name) => join(home.path, name));
  await refusesEveryVerb({ simulator, home: { ...home, authFile }, env: { CODEX_HOME: codexHome(home) } });
});

test("the one in the home folder is refused as well while CODEX_HOME names another folder", async () => {
  const [simulator, home] = [await simulate(), makeHome()];
  const folder = join(home.path, ".codex");
  mkdirSync(folder);
  const env = { CODEX_HOME: codexHome(home) };
  await refusesEveryVerb({ simulator, home: { ...home, authFile: join(folder, "auth.json") }, env });
});

async function refusesEveryVerb(options: TestAppOptions) {
  const folders = [join(options.home.path, ".codex"), codexHome(options.home)].filter((path) => existsSync(path));
  const before = folders.map(everything);
  const { codex } = testApp(options);
  const refused = {
    code: "CONFIG",
    message: expect.stringContaining("official client") as string,
    next: [setVariable("CODEX_AUTH_FILE", "another file"), restart],
  };
  const signal = new AbortController().signal;
  expect(await failure(codex.query({ prompt: "hi" }))).toMatchObject(refused);
  expect(await failure(codex.signIn({ method: "browser" }))).toMatchObject(refused);
  expect(await failure(codex.signOut({ signal }))).toMatchObject(refused);
  expect(await codex.status()).toMatchObject({ signedIn: false, trouble: refused });
  expect(options.simulator?.requests).toEqual([]);
  expect(folders.map(everything)).toEqual(before);
}
