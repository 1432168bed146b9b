import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  createPkce,
  createState,
  equalSecrets,
  fingerprint,
  systemRandom,
  type Random,
} from "../../src/platform/random.ts";

const rounds = Array.from({ length: 1_000 }, (_, round) => round);

/** A source that always gives the same bytes. */
function fixed(bytes: readonly number[]): Random {
  return { ...systemRandom, bytes: () => Buffer.from(bytes) };
}

test("makes verifier and challenge of RFC 7636 appendix B from its octets", () => {
  const octets = [
    116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240, 91,
    88, 5, 88, 83, 132, 141, 121,
  ];
  expect(createPkce(fixed(octets))).toEqual({
    codeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  });
});

test("a thousand verifiers keep to alphabet and length, never repeat, and match their challenge", () => {
  const pairs = rounds.map(() => createPkce(systemRandom));
  for (const { codeVerifier, codeChallenge } of pairs) {
    expect(codeVerifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/); // RFC 7636 §4.1
    const digest = createHash("sha256").update(codeVerifier, "ascii").digest("base64url");
    expect(codeChallenge).toBe(digest);
  }
  expect(new Set(pairs.map(({ codeVerifier }) => codeVerifier)).size).toBe(pairs.length);
});

test("a verifier holds at least the 256 random bits of RFC 7636 §7.1", () => {
  const asked: number[] = [];
  const counting: Random = {
    ...systemRandom,
    bytes: (length) => {
      asked.push(length);
      return systemRandom.bytes(length);
    },
  };
  createPkce(counting);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toBeGreaterThanOrEqual(32);
});

test("a thousand states have 43 characters that need no escaping in a URL, and never repeat", () => {
  const states = rounds.map(() => createState(systemRandom));
  for (const state of states) expect(state).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(states).size).toBe(states.length);
});

test("secrets are equal only as a whole", () => {
  const secret = createState(systemRandom);
  expect(equalSecrets(secret, secret)).toBe(true);
  const flipped = `${secret.slice(0, -1)}${secret.endsWith("A") ? "B" : "A"}`;
  for (const other of ["", secret.slice(1), `${secret}A`, flipped, secret.toUpperCase()]) {
    expect(equalSecrets(secret, other)).toBe(false);
  }
});

test("a fingerprint tells secrets apart and shows nothing of them", () => {
  const secret = createState(systemRandom);
  expect(fingerprint(secret)).toBe(fingerprint(secret));
  expect(fingerprint(secret)).not.toBe(fingerprint(`${secret}x`));
  expect(fingerprint(secret)).toMatch(/^[0-9a-f]{32}$/);
});

test("a UUID has version 4 and the variant of RFC 9562", () => {
  const uuids = rounds.map(() => systemRandom.uuid());
  for (const uuid of uuids) {
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(new Set(uuids).size).toBe(uuids.length);
});

test("a fraction is never below 0 and never reaches 1", () => {
  for (const _ of rounds) {
    const fraction = systemRandom.fraction();
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThan(1);
  }
});
