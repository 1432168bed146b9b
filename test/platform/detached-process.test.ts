import { expect, test } from "vitest";
import { startDetached, withoutSecrets } from "../../src/platform/detached-process.ts";
import { deferred } from "../../src/platform/promises.ts";

/** Runs a script with an IPC channel; gives what it said before its end. */
async function run(script: string, send?: unknown): Promise<unknown[]> {
  const heard: unknown[] = [];
  const ended = deferred<undefined>();
  const child = await startDetached(
    { command: process.execPath, args: ["-e", script], env: process.env },
    {
      onMessage: (message) => heard.push(message),
      onEnd: () => {
        ended.resolve(undefined);
      },
    },
  );
  if (send !== undefined) child.send(send);
  await ended.promise;
  child.send("too late");
  child.release();
  return heard;
}

test("both say what they have to say over a channel of their own", async () => {
  const echo = `process.once("message", (m) => process.send({ got: m }, () => process.exit()))`;
  expect(await run(echo, { a: 1 })).toEqual([{ got: { a: 1 } }]);
});

test("the last words of a process that ends at once are heard before its end", async () => {
  const words = `for (let i = 0; i < 100; i++) process.send(i); process.disconnect();`;
  expect(await run(words)).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test("a program that is not there ends at once", async () => {
  const ended = deferred<undefined>();
  const child = await startDetached(
    { command: "/nonexistent/node", args: [], env: {} },
    {
      onMessage: () => undefined,
      onEnd: () => {
        ended.resolve(undefined);
      },
    },
  );
  child.send({ a: 1 });
  await ended.promise;
  child.release();
});

test("what looks like a secret is not handed on, except what is needed", () => {
  const env = {
    PATH: "/bin",
    HTTPS_PROXY: "http://proxy",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    CODEX_AUTH_FILE: "/auth.json",
    OPENAI_API_KEY: "k",
    anthropic_api_key: "k",
    GITHUB_TOKEN: "t",
    CLAUDE_CODE_OAUTH_TOKEN: "t",
    AWS_SECRET_ACCESS_ID: "s",
    PGPASSWORD: "p",
    NPM_CONFIG__AUTH: "a",
  };
  expect(Object.keys(withoutSecrets(env, ["CODEX_AUTH_FILE"]))).toEqual([
    "PATH",
    "HTTPS_PROXY",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NODE_EXTRA_CA_CERTS",
    "CODEX_AUTH_FILE",
  ]);
});
