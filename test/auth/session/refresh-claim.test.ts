import { describe, expect, test } from "vitest";
import {
  claimRecord,
  decide,
  errorOf,
  isResent,
  toClaimError,
  type Claim,
} from "../../../src/auth/session/refresh-claim.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { defaultLimits } from "../../../src/shared/limits.ts";
import { act, retry } from "../../../src/shared/next-step.ts";

const now = Date.UTC(2026, 10, 20, 12);
const second = 1_000;
const hour = 3_600 * second;
const accessToken = "the access token's fingerprint";
const network = { code: "NETWORK", message: "The line broke." } as const;
const storage = { code: "STORAGE", message: "Full.", why: "The disk is full." } as const;
const limited = (retryAfterMs: number) => ({ code: "RATE_LIMITED", message: "Slower.", retryAfterMs }) as const;

/** A claim that ended just now; a dead owner is the default. */
function claimed(claim: Partial<Claim>): Claim {
  return { owner: "x", attempts: 0, at: now, uptimeMs: 0, number: 1, life: "dead", pid: undefined, ...claim };
}

/** The decision in words: "free after N", "busy", or the code of the error. */
function decided(claim: Claim | undefined, urgent: boolean, at = now): string {
  const decision = decide(claim, { accessToken, now: at, urgent }, defaultLimits);
  switch (decision.kind) {
    case "free":
      return `free after ${decision.attempts}`;
    case "busy":
      return decision.slow ? "busy, slow" : "busy";
    case "forbidden":
      return decision.error.code;
  }
}

const lives = ["alive", "unknown", "stopped", "dead"] as const;

/** What each life of the owner means: alive, unknown, stopped, dead. */
type ByLife = readonly [string, string, string, string];
type Row = [string, Partial<Claim>, urgent: ByLife, early?: ByLife];

const same = (text: string): ByLife => [text, text, text, text];

const table: Row[] = [
  // A request that is not over, or has just been granted: whoever lives goes on, the others may have used the token.
  [
    "under way",
    {},
    ["busy", "busy, slow", "free after 1", "free after 1"],
    ["busy", "busy, slow", "UPSTREAM", "UPSTREAM"],
  ],
  [
    "under way, and the second one",
    { attempts: 1 },
    ["busy", "busy, slow", "UPSTREAM", "UPSTREAM"],
    ["busy", "busy, slow", "UPSTREAM", "UPSTREAM"],
  ],
  [
    "under way, and the second one, half a minute ago",
    { attempts: 1, at: now - 30 * second },
    ["busy", "busy, slow", "free after 2", "free after 2"],
    ["busy", "busy, slow", "UPSTREAM", "UPSTREAM"],
  ],
  [
    "granted",
    { outcome: "granted" },
    ["busy", "busy, slow", "AUTH_EXPIRED", "AUTH_EXPIRED"],
    ["busy", "busy, slow", "AUTH_EXPIRED", "AUTH_EXPIRED"],
  ],
  [
    "granted long ago",
    { outcome: "granted", at: 0 },
    ["busy", "busy, slow", "AUTH_EXPIRED", "AUTH_EXPIRED"],
    ["busy", "busy, slow", "AUTH_EXPIRED", "AUTH_EXPIRED"],
  ],
  [
    "granted, and not saved yet",
    { outcome: "granted", error: storage },
    ["STORAGE", "STORAGE", "AUTH_EXPIRED", "AUTH_EXPIRED"],
    ["STORAGE", "STORAGE", "AUTH_EXPIRED", "AUTH_EXPIRED"],
  ],
  // An outcome that is written: the owner's life does not matter any more.
  ["refused", { outcome: "refused" }, same("AUTH_EXPIRED"), same("AUTH_EXPIRED")],
  ["refused long ago", { outcome: "refused", at: 0 }, same("AUTH_EXPIRED"), same("AUTH_EXPIRED")],
  ["one unknown outcome", { outcome: "unknown", error: network }, same("free after 1"), same("UPSTREAM")],
  ["one unknown outcome, long ago", { outcome: "unknown", at: 0 }, same("free after 1"), same("UPSTREAM")],
  ["two of them just now", { outcome: "unknown", attempts: 1 }, same("UPSTREAM"), same("UPSTREAM")],
  [
    "two of them, 29.9 s ago",
    { outcome: "unknown", attempts: 1, at: now - 29_900 },
    same("UPSTREAM"),
    same("UPSTREAM"),
  ],
  [
    "two of them, 30 s ago",
    { outcome: "unknown", attempts: 1, at: now - 30 * second },
    same("free after 2"),
    same("UPSTREAM"),
  ],
  ["five of them, 30 s ago", { outcome: "unknown", attempts: 4, at: now - 30 * second }, same("free after 5")],
  [
    "two of them, an hour ahead of the clock",
    { outcome: "unknown", attempts: 1, at: now + hour },
    same("free after 2"),
    same("UPSTREAM"),
  ],
  ["two of them, an hour ago", { outcome: "unknown", attempts: 1, at: now - hour }, same("free after 2")],
  ["not sent", { outcome: "unsent", error: network }, same("free after 0"), same("UPSTREAM")],
  ["not sent, 30 s ago", { outcome: "unsent", at: now - 30 * second }, same("free after 0"), same("free after 0")],
  ["not sent, ahead of the clock", { outcome: "unsent", at: now + hour }, same("free after 0"), same("free after 0")],
  ["not sent after one that may have been", { outcome: "unsent", attempts: 1 }, same("free after 1"), same("UPSTREAM")],
  ["not sent after two of them", { outcome: "unsent", attempts: 2 }, same("UPSTREAM"), same("UPSTREAM")],
  // A rest that the server asked for.
  [
    "asked to rest",
    { outcome: "unsent", error: limited(120 * second), at: now - 60 * second },
    same("RATE_LIMITED"),
    same("RATE_LIMITED"),
  ],
  [
    "asked to rest, and rested",
    { outcome: "unsent", error: limited(120 * second), at: now - 120 * second },
    same("free after 0"),
    same("free after 0"),
  ],
  [
    "asked to rest for a year, 59 minutes ago",
    { outcome: "unsent", error: limited(9e9), at: now - hour + 60 * second },
    same("RATE_LIMITED"),
  ],
  [
    "asked to rest for a year, an hour ago",
    { outcome: "unsent", error: limited(9e9), at: now - hour },
    same("free after 0"),
  ],
  [
    "asked to rest, ahead of the clock",
    { outcome: "unsent", error: limited(120 * second), at: now + hour },
    same("free after 0"),
  ],
];

describe.each(table)("%s", (_, claim, urgent, early) => {
  test.each(lives.map((life, n) => [life, urgent[n]]))(
    "with an owner that is %s and an expired token: %s",
    (life, expected) => {
      expect(decided(claimed({ ...claim, life }), true)).toBe(expected);
    },
  );

  if (early === undefined) return;
  test.each(lives.map((life, n) => [life, early[n]]))(
    "with an owner that is %s and a token that works: %s",
    (life, expected) => {
      expect(decided(claimed({ ...claim, life }), false)).toBe(expected);
    },
  );
});

test.each([true, false])("without a claim a token is free (urgent: %s)", (urgent) => {
  expect(decided(undefined, urgent)).toBe("free after 0");
});

test.each(lives)("with another access token in the file, a claim of an owner that is %s is settled", (life) => {
  for (const outcome of [undefined, "granted", "refused", "unknown", "unsent"] as const) {
    const claim = claimed({ life, outcome, attempts: 5, accessToken: "another one's", error: limited(hour) });
    expect(decided(claim, true)).toBe("free after 0");
    expect(decided({ ...claim, accessToken }, false)).not.toBe("free after 0");
  }
});

test("who refreshes is told by its pid, which means nothing elsewhere", () => {
  const context = { accessToken, now, urgent: true };
  expect(decide(claimed({ life: "alive", pid: 4711 }), context, defaultLimits)).toEqual({
    kind: "busy",
    pid: 4711,
    slow: false,
  });
  expect(decide(claimed({ life: "unknown" }), context, defaultLimits)).toEqual({
    kind: "busy",
    pid: undefined,
    slow: true,
  });
});

/** The error of a claim that forbids a refresh. */
function refusal(claim: Partial<Claim>): CodexError {
  const decision = decide(claimed(claim), { accessToken, now, urgent: true }, defaultLimits);
  if (decision.kind !== "forbidden") throw new Error(decision.kind);
  return decision.error;
}

test("a rest names the time that is left", () => {
  const why = network.message;
  expect(refusal({ outcome: "unknown", attempts: 1, at: now - 12 * second, error: network }).details).toMatchObject({
    why,
    next: [{ do: "wait", for: 18 * second }, retry],
  });
  const rest = refusal({ outcome: "unsent", at: now - 20 * second, error: limited(120 * second) });
  expect(rest.details.retryAfterMs).toBe(100 * second);
});

test("a login that is not saved yet comes with the reason and what to do", () => {
  const error = refusal({ life: "alive", outcome: "granted", error: storage });
  expect(error).toMatchObject({
    code: "STORAGE",
    message: "The login was refreshed, but could not be saved yet.",
    details: { why: "Full." },
  });
});

test("a used token whose successor is missing says so", () => {
  expect(refusal({ outcome: "granted", error: storage })).toMatchObject({
    code: "AUTH_EXPIRED",
    details: { why: "Its refresh token was used before, and the login that came of it is not in the file." },
  });
});

describe("a call that waited for a claim sends once more", () => {
  test.each<[boolean, string, Partial<Claim>, boolean]>([
    [true, "after its process died", {}, true],
    [true, "after its process died, though the token works", {}, false],
    [true, "after a broken connection", { outcome: "unknown", error: network }, true],
    [true, "after a server's error", { outcome: "unknown", error: { code: "UPSTREAM", message: "" } }, true],
    [true, "after an unknown reason", { outcome: "unknown" }, true],
    [false, "after a time-out", { outcome: "unknown", error: { code: "TIMEOUT", message: "" } }, true],
    [false, "after a strange answer", { outcome: "unknown", error: { code: "PROTOCOL", message: "" } }, true],
    [false, "after a second one", { outcome: "unknown", attempts: 1, error: network }, true],
    [false, "while the token works", { outcome: "unknown", error: network }, false],
    [false, "after a refusal", { outcome: "refused" }, true],
    [false, "after one that was not sent", { outcome: "unsent", error: network }, true],
    [false, "after a grant", { outcome: "granted" }, true],
  ])("%s: %s", (resent, _, claim, urgent) => {
    expect(isResent(claimed(claim), urgent)).toBe(resent);
  });
});

test("an error comes back from a claim with its code, message, reason and rest, and leaves its cause behind", () => {
  const error = new CodexError("RATE_LIMITED", "Slower.", {
    why: "Too many.",
    retryAfterMs: 5,
    next: [act("Wait")],
    cause: new Error("rt_CANARY"),
  });
  const stored = JSON.stringify(claimRecord.parse({ ...claimed({}), error: toClaimError(error) }));
  expect(stored).not.toContain("CANARY");
  const back = errorOf(claimRecord.parse(JSON.parse(stored)));
  expect(back).toMatchObject({
    code: "RATE_LIMITED",
    message: "Slower.",
    details: { why: "Too many.", retryAfterMs: 5 },
  });
  expect(errorOf({})).toMatchObject({ code: "AUTH_EXPIRED" });
});

test.each([
  ["no owner", { owner: undefined }],
  ["a negative count", { attempts: -1 }],
  ["half an attempt", { attempts: 0.5 }],
  ["an unknown outcome's name", { outcome: "lost" }],
  ["an unknown code", { error: { code: "toString", message: "" } }],
  ["a date that is none", { at: "now" }],
])("a record with %s is none", (_, change) => {
  expect(claimRecord.safeParse({ ...claimed({}), ...change }).success).toBe(false);
});
