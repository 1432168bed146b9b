import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { detectHost } from "../../src/platform/host.ts";
import { makeHome } from "../support/home.ts";

/** A root folder with these files. */
function rootWith(files: Record<string, string>): string {
  const { path } = makeHome();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

const host = {
  "proc/1/cgroup": "0::/init.scope\n",
  "proc/self/cgroup": "0::/user.slice/a.scope\n",
};

test.each([
  ["an ordinary machine", host, false],
  ["a machine without /proc", {}, false],
  ["Docker", { ...host, ".dockerenv": "" }, true],
  ["Podman", { ...host, "run/.containerenv": "" }, true],
  ["a control group of Docker", { "proc/1/cgroup": "12:cpu:/docker/0123abc\n" }, true],
  ["a control group of Kubernetes", { "proc/self/cgroup": "0::/kubepods.slice/x\n" }, true],
  ["a control group of LXC", { "proc/1/cgroup": "3:cpu:/lxc/box\n" }, true],
  ["a service that only runs containers", { "proc/1/cgroup": "0::/system.slice/mydocker\n" }, false],
])("%s is told from its files", async (_, files, container) => {
  const root = rootWith(files);
  const facts = await detectHost({ searchPath: "", wsl: false, platform: "linux", root });
  expect(facts.container).toBe(container);
});

test("an opener is a program on the path that may be run", async () => {
  const root = rootWith({ ...host, "bin/xdg-open": "#!/bin/sh\n" });
  const look = async (searchPath: string) =>
    (await detectHost({ searchPath, wsl: false, platform: "linux", root })).opener;
  const path = `/nowhere:${join(root, "bin")}`;
  chmodSync(join(root, "bin/xdg-open"), 0o755);
  expect(await look(path)).toBe(true);
  expect(await look("/nowhere")).toBe(false);
  expect(await look("")).toBe(false);
  // Relative folders would be those of the project.
  expect(await look("bin:.")).toBe(false);
  mkdirSync(join(root, "folders/xdg-open"), { recursive: true });
  expect(await look(join(root, "folders"))).toBe(false);
});

test.each([
  ["darwin", false],
  ["win32", false],
  ["linux", true],
])("%s (WSL: %s) always has an opener", async (platform, wsl) => {
  const root = rootWith({ ".dockerenv": "" });
  const facts = await detectHost({ searchPath: "", wsl, platform, root });
  expect(facts).toEqual({ platform, opener: true, container: platform === "linux" });
});
