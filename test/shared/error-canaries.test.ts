import { expect, onTestFinished, test } from "vitest";
import { toCodexError } from "../../src/shared/errors.ts";
import type { Log } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { parseJson } from "../../src/shared/json.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { makeAuthority } from "../support/certificates.ts";
import { listenOnly } from "../support/evil.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { secureServer } from "../support/secure-server.ts";

const canary = "rt_CANARY_RT_1kJx2LmQpTzVw3BqR9sYd";
const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
const secretive = { method: "POST" as const, headers: { authorization: `Bearer ${canary}` } };
type HttpRequest = Parameters<Http["send"]>[0];

const withSecrets = (origin: string): HttpRequest => ({
  ...secretive,
  url: `${origin}/path?code=${canary}`,
  body: `{"refresh_token":"${canary}"}`,
});

/** Whatever an error of ours can show: its own words, its facts, and the cause as the log has it. */
function shown(thrown: unknown): string {
  const error = toCodexError(thrown);
  const { cause } = error;
  const logged = cause instanceof Error ? `${cause.name}: ${cause.message}` : "";
  return JSON.stringify([error.message, error.details, error.next, logged, String(error)]);
}

test.each<[string, () => Promise<HttpRequest>]>([
  ["nobody listens", () => Promise.resolve(withSecrets("http://127.0.0.1:9"))],
  ["the name does not exist", () => Promise.resolve(withSecrets("https://no.such.host.invalid"))],
  [
    "the certificate is not trusted",
    async () => {
      const { port } = await secureServer(makeAuthority().issue(["127.0.0.1"]));
      return withSecrets(`https://127.0.0.1:${port}`);
    },
  ],
  ["the answer is no HTTP", async () => withSecrets((await listenOnly(`${canary} is no HTTP\r\n\r\n`)).origin)],
  [
    "a header has a line end",
    () =>
      Promise.resolve({
        ...withSecrets("http://127.0.0.1:9"),
        headers: { authorization: `Bearer ${canary}\n` },
      }),
  ],
  ["the URL is none", () => Promise.resolve(withSecrets("http://[::1"))],
  ["the URL names a user", () => Promise.resolve(withSecrets(`http://u:${canary}@127.0.0.1:9`))],
])("where %s, no error and no line of the log has the secret", async (_, make) => {
  const lines: string[] = [];
  const write = (__: string, line: string): void => {
    lines.push(line);
  };
  const log: Log = Object.assign(write, { file: undefined });
  const http = new Http({ clock: fakeClock(), log, proxy: none });
  onTestFinished(() => http.close());
  const outcome = http.fetchText(await make(), { maxBytes: 1000, timeoutMs: 15_000 });
  const thrown = await outcome.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Error);
  expectNoSecrets(shown(thrown), [canary], "the error");
  expectNoSecrets(lines.join("\n"), [canary], "the log");
});

test("a file that is no JSON shows nothing of itself", () => {
  expect(parseJson(canary)).toBeUndefined();
  expect(parseJson(`{"a": ${canary}`)).toBeUndefined();
});
