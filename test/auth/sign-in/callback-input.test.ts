import { describe, expect, test } from "vitest";
import { maxCallbackInput, parseCallbackInput } from "../../../src/auth/sign-in/callback-input.ts";
import { fc } from "../../support/chance.ts";

const code = "ac_abcDEF-123.~xyz_456";
const state = "s".repeat(43);
const query = `code=${code}&state=${state}`;

const read = (text: string) => {
  const input = parseCallbackInput(text);
  return input && { ...Object.fromEntries(input.query), bare: input.bare };
};

test.each([
  ["the full URL", `http://localhost:1455/auth/callback?${query}`],
  ["a URL with a fragment", `http://localhost:1455/auth/callback?${query}#`],
  ["a URL without its scheme", `localhost:1455/auth/callback?${query}`],
  ["a URL with an upper-case scheme", `HTTP://LOCALHOST:1455/auth/callback?${query}`],
  ["the path", `/auth/callback?${query}`],
  ["the query", `?${query}`],
  ["the query without its mark", query],
  ["code#state", `${code}#${state}`],
  ["a URL in quotes", `"http://localhost:1455/auth/callback?${query}"`],
  ["a URL in brackets", `<http://localhost:1455/auth/callback?${query}>`],
  ["a URL that a shell has escaped", `http://localhost:1455/auth/callback\\?code\\=${code}\\&state\\=${state}`],
  ["a URL of a web page's source", `http://localhost:1455/auth/callback?code=${code}&amp;state=${state}`],
  [
    "a link in Markdown",
    `[http://localhost:1455/auth/callback?${query}](http://localhost:1455/auth/callback?${query})`,
  ],
  ["a link in Markdown with brackets", `[here](<http://localhost:1455/auth/callback?${query}>)`],
  ["a URL escaped as a whole", encodeURIComponent(`http://localhost:1455/auth/callback?${query}`)],
  ["a query escaped as a whole", encodeURIComponent(`?${query}`)],
  ["a URL amid words", `here it is: http://localhost:1455/auth/callback?${query} thanks`],
  ["a URL at the end of a sentence", `It says http://localhost:1455/auth/callback?${query}.`],
  ["a URL and a full stop", `http://localhost:1455/auth/callback?${query}.`],
  ["a URL in a word processor's quotes", `“http://localhost:1455/auth/callback?${query}”`],
  ["a query with escaped marks", `?code%3D${encodeURIComponent(code)}%26state%3D${state}`],
  ["a URL with blanks in it", `http://localhost:1455/auth/callback?${query.replace("&", " & ")}`],
  ["an answer in the fragment", `http://localhost:1455/auth/callback#${query}`],
  ["an answer in the fragment, without the scheme", `localhost:1455/auth/callback#${query}`],
  [
    "a URL that a terminal has broken",
    `http://localhost:1455/auth/\n  callback?code=ac_abc\r\nDEF-123.~xyz_456&state=${state}\n`,
  ],
])("takes %s", (_, text) => {
  expect(read(text)).toEqual({ code, state, bare: false });
});

test("takes a bare code, and says that it is bare", () => {
  expect(read(` ${code}\n`)).toEqual({ code, bare: true });
});

test("takes an error as the callback would", () => {
  const text = `http://localhost:1455/auth/callback?error=access_denied&error_description=The+user+said+no&state=${state}`;
  expect(read(text)).toEqual({
    error: "access_denied",
    error_description: "The user said no",
    state,
    bare: false,
  });
});

test.each([
  ["nothing", ""],
  ["blanks", " \n "],
  ["the URL to sign in at", `https://auth.openai.com/oauth/authorize?response_type=code&state=${state}`],
  ["a URL without a query", "http://localhost:1455/auth/callback"],
  ["another scheme", `javascript://localhost?${query}`],
  ["a broken URL", `http://[::1?${query}`],
  ["a word", "done"],
  ["a command", "codex_login"],
  ["a code with two marks", `${code}#${state}#x`],
  ["a mark without a state", `${code}#`],
  ["a state alone", `#${state}`],
  ["a path", "/home/jane/some/long/path"],
  ["a sentence", "hello world this is a sentence"],
  ["a code and more words", `${code} and more`],
  ["an access token", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"],
  ["an API key", "sk-proj-abcdefghijklmnop1234567890abcdefgh"],
  ["a refresh token", "rt_abcdefghijklmnop1234567890abcdefgh"],
  ["a refresh token of another form", "rt.1.abcdefghijklmnop1234567890abcdefgh"],
  ["a path of Windows", "C:\\Users\\jane\\auth.json"],
  ["a code with an escape", `ac_abcdef\\nghijklmnopq`],
  ["a broken escape", "http%3A%2F%2Flocalhost%2F%3Fcode%3Dac_abc%26state%3D%ZZ"],
  ["too much", `${query}&x=${"x".repeat(maxCallbackInput)}`],
])("refuses %s", (_, text) => {
  expect(parseCallbackInput(text)).toBeUndefined();
});

describe("whatever the values are", () => {
  const secret = fc.stringMatching(/^[\w.~-]{16,200}$/).filter((text) => !/^(eyJ|sk-|rt[_.])/.test(text));
  const any = fc.string({ minLength: 1, maxLength: 100, unit: "binary" });

  test("every form of one answer reads the same", () => {
    fc.assert(
      fc.property(secret, secret, (someCode, someState) => {
        const search = new URLSearchParams({ code: someCode, state: someState }).toString();
        const forms = [
          `http://localhost:1455/auth/callback?${search}`,
          `http://127.0.0.1:1457/auth/callback?${search}`,
          `?${search}`,
          search,
          `${someCode}#${someState}`,
        ];
        for (const form of forms) {
          expect(read(form)).toEqual({ code: someCode, state: someState, bare: false });
        }
        expect(read(someCode)).toEqual({ code: someCode, bare: true });
      }),
    );
  });

  test("a URL brings its parameters as the callback's own reading would", () => {
    fc.assert(
      fc.property(any, any, fc.boolean(), (someCode, someState, twice) => {
        const params = new URLSearchParams({ code: someCode, state: someState });
        if (twice) params.append("state", someCode);
        const url = `http://localhost:1455/auth/callback?${params.toString()}`;
        expect(parseCallbackInput(url)?.query.toString()).toBe(new URL(url).searchParams.toString());
      }),
    );
  });

  test("no text makes it throw, and a bare code is all that goes without a state's place", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: "binary" }), (text) => {
        const input = parseCallbackInput(text);
        if (input === undefined) return;
        expect(input.query.has("code") || input.query.has("error")).toBe(true);
        if (input.bare) expect([...input.query.keys()]).toEqual(["code"]);
      }),
    );
  });
});
