import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { openInBrowser } from "../../src/platform/host.ts";
import { deferred } from "../../src/platform/promises.ts";

const opener = vi.hoisted(() => ({
  start: (_: string): Promise<ChildProcess> => Promise.reject(new Error("not set")),
}));
vi.mock("open", () => ({
  default: (url: string, options: unknown) => {
    expect(options).toEqual({ wait: false, app: { name: path } });
    return opener.start(url);
  },
}));

const path = "/usr/bin/xdg-open";
const url = "https://issuer.test/authorize?state=1";

/** From now on this program is what opens the browser; it gets the URL as its first argument. */
function program(script: string, wait?: "until it has ended"): void {
  opener.start = async (target) => {
    const child = spawn(process.execPath, ["-e", script, target], { stdio: "ignore" });
    onTestFinished(() => void child.kill());
    await once(child, wait === undefined ? "spawn" : "exit");
    return child;
  };
}

test("is content with an opener that ends well", async () => {
  program(`process.exit(process.argv[1] === ${JSON.stringify(url)} ? 0 : 9)`);
  await openInBrowser(url, path);
});

test.each([
  ["fails", "process.exit(3)", "3"],
  ["is killed", 'process.kill(process.pid, "SIGKILL")', "a signal"],
])("tells that an opener %s", async (_, script, word) => {
  program(script);
  await expect(openInBrowser(url, path)).rejects.toThrow(`ended with ${word}`);
});

test("judges an opener that has ended before it could be listened to", async () => {
  program("process.exit(0)", "until it has ended");
  await openInBrowser(url, path);
  program("process.exit(4)", "until it has ended");
  await expect(openInBrowser(url, path)).rejects.toThrow("ended with 4");
});

test("tells that an opener could not be started", async () => {
  opener.start = () => Promise.reject(Object.assign(new Error("spawn"), { code: "ENOENT" }));
  await expect(openInBrowser(url, path)).rejects.toMatchObject({ code: "ENOENT" });
});

test("an error of the opener that comes later rejects, and ends nothing else", async () => {
  const listened = deferred<ChildProcess>();
  opener.start = async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], {
      stdio: "ignore",
    });
    onTestFinished(() => void child.kill());
    await once(child, "spawn");
    child.on("newListener", (event) => {
      if (event === "exit") listened.resolve(child);
    });
    return child;
  };
  const opening = openInBrowser(url, path);
  const child = await listened.promise;
  child.emit("error", new Error("late"));
  await expect(opening).rejects.toThrow("late");
  child.emit("error", new Error("later"));
});
