import { expect, test } from "vitest";
import { emptyLogin } from "../support/login-rig.ts";
import { renderLoginProgress, renderSignedIn, renderWaiting } from "../../src/render/login.ts";

const now = Date.UTC(2026, 10, 20, 12);
const minute = 60_000;

type Waiting = Parameters<typeof renderWaiting>[0];

const browser: Extract<Waiting, { method: "browser" }> = {
  method: "browser",
  authorizationUrl: "https://auth.openai.com/oauth/authorize?x=1",
  browserOpened: true,
  endsAt: now + 10 * minute,
  joined: false,
  reason: undefined,
  foreign: undefined,
  otherAccounts: [],
};

const device: Extract<Waiting, { method: "device" }> = {
  method: "device",
  verificationUrl: "https://auth.openai.com/codex/device",
  userCode: "ABCD-12345",
  endsAt: now + 15 * minute,
  joined: false,
  reason: undefined,
  foreign: undefined,
  otherAccounts: [],
};

test("a browser login on a desktop", () => {
  expect(renderWaiting(browser, now, "UTC")).toMatchInlineSnapshot(`
    "A browser window was opened. If it did not appear or shows no sign-in page, open this URL to sign in:

    https://auth.openai.com/oauth/authorize?x=1

    A browser on this machine ends the login by itself. If the page after the approval cannot be reached (the browser runs elsewhere), copy its whole address from the address bar and call codex_login with it as callback_url.
    The other way: codex_login with method "device" gives a code to enter in any browser.
    The login waits until 12:10. Call codex_login again to wait for the end, or codex_status to see how it stands."
  `);
});

test("a browser login where none is opened, beside a login of the official client", () => {
  const reason = { kind: "no-browser", because: "ssh" } as const;
  const otherAccounts = [{ kind: "codex-cli", account: "j***@example.com" }] as const;
  const login = { ...browser, browserOpened: false, reason, otherAccounts };
  expect(renderWaiting(login, now, "UTC")).toMatchInlineSnapshot(`
    "This session came over SSH, so no browser was opened. Open this URL to sign in:

    https://auth.openai.com/oauth/authorize?x=1

    A browser on this machine ends the login by itself. If the page after the approval cannot be reached (the browser runs elsewhere), copy its whole address from the address bar and call codex_login with it as callback_url.
    The other way: codex_login with method "device" gives a code to enter in any browser.
    The Codex CLI on this machine is signed in as j***@example.com; it is not used unless you call codex_login with method "codex-cli".
    The login waits until 12:10. Call codex_login again to wait for the end, or codex_status to see how it stands."
  `);
});

test("a device login because the ports are held", () => {
  const message =
    "The sign-in needs port 1455 or 1457 on this machine, and other programs hold them (1455: codex, process 77).";
  const login = { ...device, reason: { kind: "ports-busy", message } as const };
  expect(renderWaiting(login, now, "UTC")).toMatchInlineSnapshot(`
    "The sign-in needs port 1455 or 1457 on this machine, and other programs hold them (1455: codex, process 77). A device code is used instead.
    First allow device code authorization in ChatGPT's settings, under Security; a workspace may forbid it.
    Then open https://auth.openai.com/codex/device in any browser and enter this code:

    ABCD-12345

    Only enter this code if you started this sign-in yourself, and give it to nobody.
    The other way: free one of the ports, then codex_login with method "browser" gives a URL and ends this login.
    The login waits until 12:15. Call codex_login again to wait for the end, or codex_status to see how it stands."
  `);
});

test("a device login that goes on shows its code no more", () => {
  const login = { ...device, joined: true, userCode: undefined, foreign: { issuer: "127.0.0.1:8080", api: undefined } };
  expect(renderWaiting(login, now, "UTC")).toMatchInlineSnapshot(`
    "Not OpenAI's own server: this login is at 127.0.0.1:8080. The device code waits to be entered at https://auth.openai.com/codex/device; it was shown when this login began, and is not shown again.
    The other way: codex_login with method "browser" gives a URL and ends this login.
    The login that was already waiting goes on until 12:15. Call codex_login again to wait for the end, or codex_status to see how it stands."
  `);
});

test("a login that CODEX_AUTH leaves unused says so, and what to do", () => {
  const text = renderSignedIn(emptyLogin, undefined, "api-key", "mcp");
  expect(text).toContain("each question still goes to the API key");
  expect(text).toContain("Unset CODEX_AUTH");
  expect(text).not.toContain("can be used now");
  for (const auth of ["chatgpt", undefined] as const) {
    expect(renderSignedIn(emptyLogin, undefined, auth, "mcp")).toMatch(/codex_query can be used now\.$/);
    expect(renderSignedIn(emptyLogin, undefined, auth, "cli")).toMatch(/codex-oauth query can be used now\.$/);
  }
});

test.each(["mcp", "cli"] as const)(
  "names the host that gets the login before the one that issues it (%s)",
  (reader) => {
    const foreign = { issuer: "sso.corp.test", api: "gateway.test" };
    const warning =
      "Not OpenAI's own servers: this login and each question go to gateway.test; the sign-in is at sso.corp.test.";
    const texts = [
      renderWaiting({ ...browser, foreign }, now, "UTC"),
      renderWaiting({ ...device, foreign }, now, "UTC"),
      renderSignedIn(emptyLogin, foreign, undefined, reader),
      renderLoginProgress(browser, foreign),
      renderLoginProgress(device, foreign),
      renderLoginProgress({ ...device, userCode: undefined }, foreign),
    ];
    for (const text of texts) expect(text.startsWith(`${warning} `)).toBe(true);
  },
);
