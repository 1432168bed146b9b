import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemRandom } from "../../src/platform/random.ts";
import { seal, unseal } from "../../src/platform/sealed-box.ts";

const key = Buffer.alloc(32, 7);

test("what was sealed is read with the same key and the same bound text alone", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, bound) => {
      const sealed = seal(text, key, bound, systemRandom);
      expect(unseal(sealed, key, bound)).toBe(Buffer.from(text).toString());
      expect(unseal(sealed, Buffer.alloc(32, 8), bound)).toBeUndefined();
      expect(unseal(sealed, key, `${bound}x`)).toBeUndefined();
    }),
  );
});

test("a change of any bit, and a cut at any byte, is noticed", () => {
  const bytes = Buffer.from(seal("rt_1", key, "bound", systemRandom), "base64");
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(unseal(changed.toString("base64"), key, "bound")).toBeUndefined();
  }
  for (let end = 0; end < bytes.length; end++) {
    expect(unseal(bytes.subarray(0, end).toString("base64"), key, "bound")).toBeUndefined();
  }
});

test("it is AES-256-GCM: nonce of 12 bytes, ciphertext, tag of 16", () => {
  const nonce = Buffer.alloc(12, 1);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from("bound"));
  const ciphertext = Buffer.concat([cipher.update("rt_1"), cipher.final()]);
  const expected = Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString("base64");
  expect(seal("rt_1", key, "bound", { ...systemRandom, bytes: () => nonce })).toBe(expected);
});

test("no two seals of one text are alike", () => {
  expect(seal("rt_1", key, "", systemRandom)).not.toBe(seal("rt_1", key, "", systemRandom));
});

test("a key of another length opens nothing", () => {
  expect(unseal(seal("rt_1", key, "", systemRandom), key.subarray(1), "")).toBeUndefined();
});
