import { expect, test } from "vitest";
import { CodexError } from "../../../../src/shared/errors.ts";
import {
  callbackCode,
  callbackIssuer,
  callbackState,
  goodCallback,
  listenForCallback,
} from "../../../support/callback.ts";
import { sendRaw } from "../../../support/raw-http.ts";

const path = "/auth/callback";
const otherState = `${"s".repeat(42)}2`;
const code = `code=${callbackCode}`;
const state = `state=${callbackState}`;

test.each([
  ["a wrong state", `${code}&state=${otherState}`],
  ["no state", code],
  ["an empty state", `${code}&state=`],
  ["a state that is cut short", `${code}&state=${callbackState.slice(0, -1)}`],
  ["the right state twice", `${code}&${state}&${state}`],
  ["the right state and a wrong one", `${code}&${state}&state=${otherState}`],
  ["no code", state],
  ["an empty code", `code=&${state}`],
  ["two codes", `${code}&code=ac_other&${state}`],
  ["an error with a wrong state", `error=access_denied&state=${otherState}`],
  ["an error without a state", "error=access_denied"],
  ["two errors", `error=access_denied&error=server_error&${state}`],
  ["an empty error", `error=&${state}`],
  ["another issuer", `${code}&${state}&iss=https%3A%2F%2Fevil.test`],
  ["the right issuer twice", `${code}&${state}${`&iss=${callbackIssuer}`.repeat(2)}`],
  ["an empty issuer", `${code}&${state}&iss=`],
  ["no query", ""],
])("refuses %s with 400 and goes on waiting for the right answer", async (_, query) => {
  const { port, responses } = await listenForCallback();
  expect((await sendRaw(port, `${path}?${query}`)).status).toBe(400);
  expect(responses).toEqual([]);
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  expect(responses).toEqual([{ kind: "code", code: callbackCode }]);
});

test("takes the issuer that it expects", async () => {
  const { port, responses } = await listenForCallback();
  const iss = encodeURIComponent(callbackIssuer);
  expect((await sendRaw(port, `${goodCallback}&iss=${iss}`)).status).toBe(200);
  expect(responses).toHaveLength(1);
});

test("passes an error with the right state on, and shows why the sign-in failed", async () => {
  const { port, responses } = await listenForCallback({
    decide: () => Promise.reject(new CodexError("AUTH_DENIED", "You said <no>.")),
  });
  const query = `error=access_denied&error_description=The+user+said+no&${state}`;
  const page = await sendRaw(port, `${path}?${query}`);
  expect(page.status).toBe(400);
  expect(page.body).toContain("You said &#60;no&#62;.");
  expect(responses).toEqual([{ kind: "error", error: "access_denied", description: "The user said no" }]);
});
