import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseAuthFile } from "../../../src/auth/session/auth-file.ts";
import { externalKinds } from "../../../src/shared/credential-kind.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { FakeKeyring } from "../../support/fake-keyring.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { simulate } from "../../support/server.ts";
import { testApp } from "../../support/app.ts";
import { tokenRig, type TokenRig, type TokenRigOptions } from "../../support/token-rig.ts";
import type { Simulator } from "../../simulator/index.ts";

/** A home with a plain login, and windows that share it and a keyring. */
async function scene(options: { accessExpiresInMs?: number } = {}) {
  const simulator = await simulate();
  const home = makeHome();
  const keyring = new FakeKeyring();
  const others = { theirs: { token: "theirs" } };
  const login = writeLogin(home, simulator, { others, extraFields: { extra: { kept: true } }, ...options });
  const window = (encrypt?: "keyring" | "off", more: Partial<TokenRigOptions> = {}): TokenRig =>
    tokenRig({ simulator, home, keyring, env: encrypt === undefined ? {} : { CODEX_ENCRYPT: encrypt }, ...more });
  return { simulator, home, keyring, login, window };
}

function secretsIn({ authFile }: Home, simulator: Simulator): string[] {
  const text = readFileSync(authFile, "utf8");
  return simulator.secrets().filter((secret) => text.includes(secret));
}

function asides({ path }: Home): string[] {
  return readdirSync(path).filter((name) => name.includes(".damaged-"));
}

const locked = () => {
  throw new CodexError("CONFIG", "The keyring is locked.");
};

test("a plain login asks no keyring, and stays plain", async () => {
  const { home, keyring, window, login } = await scene();
  expect(await window().get()).toMatchObject({ refreshToken: login.refreshToken });
  expect(keyring.calls).toEqual([]);
  expect(home.record()).toMatchObject({ version: 1, refreshToken: login.refreshToken });
});

test("with CODEX_ENCRYPT=keyring the login's first use encrypts it: no token, account or e-mail is left in the file", async () => {
  const { simulator, home, keyring, window, login } = await scene();
  expect(await window("keyring").get()).toMatchObject({ refreshToken: login.refreshToken, email: login.email });
  expect(secretsIn(home, simulator)).toEqual([]);
  const record = home.record()!;
  expect(Object.keys(record).sort()).toEqual(
    ["algorithm", "apiOrigin", "issuer", "key", "mode", "sealed", "version"].sort(),
  );
  expect(record).toMatchObject({ version: 2, mode: "chatgpt", algorithm: "AES-256-GCM", issuer: simulator.issuer });
  expect([...keyring.secrets.keys()]).toEqual([record["key"]]);
  expect(JSON.parse(home.readAuth())).toMatchObject({ theirs: { token: "theirs" } });
});

test("every window sees the switch in both directions, whatever its own setting is", async () => {
  const { home, window, login } = await scene();
  const [before, encrypts] = [window(), window("keyring")];
  await before.get();
  await encrypts.get();
  expect(home.record()).toMatchObject({ version: 2 });
  for (const one of [before, encrypts, window()]) {
    expect(await one.get()).toMatchObject({ refreshToken: login.refreshToken });
  }
  expect(home.record()).toMatchObject({ version: 2 });
  await window("off").get();
  expect(home.record()).toMatchObject({ version: 1, refreshToken: login.refreshToken, extra: { kept: true } });
  expect(home.record()).not.toHaveProperty("key");
  expect(await before.get()).toMatchObject({ refreshToken: login.refreshToken });
});

test("a refresh in a window without the setting keeps the login encrypted", async () => {
  const { simulator, home, window, login } = await scene({ accessExpiresInMs: -1 });
  await window("keyring").store.read();
  const refreshed = await window().get();
  expect(refreshed.refreshToken).not.toBe(login.refreshToken);
  expect(home.record()).toMatchObject({ version: 2 });
  expect(secretsIn(home, simulator)).toEqual([]);
  expect(await window().get()).toMatchObject({ refreshToken: refreshed.refreshToken });
});

test.each(externalKinds)(
  "a login that is set aside by the choice of %s is encrypted and decrypted with the choice, and can be taken up",
  async (kind) => {
    const { simulator, home, window, login } = await scene();
    await window().tokens.select(kind);
    const whole = home.record();
    const kept = async (): Promise<void> => {
      const { store, tokens } = window();
      expect(await store.peek()).toMatchObject({ tokens: { refreshToken: login.refreshToken }, choice: { kind } });
      expect(await tokens.preferredKind()).toBe(kind);
    };
    await window("keyring").store.read();
    expect(home.record()).toMatchObject({ version: 2, mode: kind });
    expect(secretsIn(home, simulator)).toEqual([]);
    await kept();
    await window("off").store.read();
    expect(home.record()).toEqual(whole);
    await kept();
    await window("keyring").store.read();
    await window().tokens.select("chatgpt");
    expect(home.record()).toMatchObject({ version: 2, mode: "chatgpt" });
    expect(secretsIn(home, simulator)).toEqual([]);
    expect(await window().get()).toMatchObject({ refreshToken: login.refreshToken });
  },
);

test.each(externalKinds)("the choice of %s sets an encrypted login aside, and its refresh keeps both", async (kind) => {
  const { simulator, home, window, login } = await scene({ accessExpiresInMs: -1 });
  await window("keyring").store.read();
  await window().tokens.select(kind);
  expect(home.record()).toMatchObject({ version: 2, mode: kind });
  const { refreshToken } = await window().get();
  expect(refreshToken).toBe(simulator.family(login.refreshToken)?.current);
  expect(home.record()).toMatchObject({ version: 2, mode: kind });
  expect(secretsIn(home, simulator)).toEqual([]);
  await window("off").store.read();
  expect(home.record()).toMatchObject({ version: 1, mode: kind, refreshToken, extra: { kept: true } });
});

test("a write by another program between the set-aside and the save is kept, and the next login is encrypted", async () => {
  const { simulator, home, keyring, window } = await scene();
  await window("keyring").get();
  const before = home.readAuth();
  keyring.secrets.clear();
  const { tokens } = window();
  // The new key is made after the file was read for the last time: that save loses its comparison.
  keyring.before = () => {
    if (keyring.calls.at(-1)?.startsWith("set") !== true) return;
    const document = JSON.parse(home.readAuth()) as object;
    writeFileSync(home.authFile, JSON.stringify({ ...document, late: "theirs" }), { mode: 0o600 });
  };
  const grant = simulator.issueTokens({ accessExpiresInMs: 3_600_000 });
  await tokens.saveLogin({
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    id_token: grant.idToken,
    expires_in: 3_600,
  });
  expect(asides(home).map((name) => readFileSync(join(home.path, name), "utf8"))).toEqual([before]);
  expect(JSON.parse(home.readAuth())).toMatchObject({ theirs: { token: "theirs" }, late: "theirs" });
  expect(home.record()).toMatchObject({ version: 2 });
  expect(await window().get()).toMatchObject({ refreshToken: grant.refreshToken });
});

test("unknown fields of the record come back when it is decrypted", async () => {
  const { home, window } = await scene();
  await window("keyring").get();
  expect(home.readAuth()).not.toContain("kept");
  await window("off").get();
  expect(home.record()).toMatchObject({ extra: { kept: true } });
});

test("one process asks for the key once, however many calls need it", async () => {
  const { keyring, window } = await scene();
  await window("keyring").get();
  keyring.calls.length = 0;
  const { get } = window();
  await Promise.all([get(), get(), get()]);
  await get();
  expect(keyring.calls).toHaveLength(1);
});

test.each(["keyring", undefined] as const)(
  "a keyring that cannot be asked is CONFIG, nothing is sent and nothing changes (CODEX_ENCRYPT: %s)",
  async (encrypt) => {
    const { simulator, home, keyring, window } = await scene({ accessExpiresInMs: -1 });
    if (encrypt === undefined) await window("keyring").store.read();
    const before = home.readAuth();
    keyring.before = locked;
    const { get, tokens } = window(encrypt);
    await expect(get()).rejects.toMatchObject({ code: "CONFIG", message: "The keyring is locked." });
    if (encrypt === undefined)
      await expect(tokens.signOut({ localOnly: false })).rejects.toMatchObject({ code: "CONFIG" });
    expect(home.readAuth()).toBe(before);
    expect(simulator.requests).toEqual([]);
    expect(readdirSync(home.path).filter((name) => !["auth.json", "state"].includes(name))).toEqual([]);
  },
);

test("after a failure the keyring is asked again, but not by each call at once", async () => {
  const { keyring, window, login } = await scene();
  await window("keyring").get();
  const clock = fakeClock(Date.now());
  const { get } = window(undefined, { clock });
  keyring.before = locked;
  keyring.calls.length = 0;
  for (let call = 0; call < 3; call++) await expect(get()).rejects.toMatchObject({ code: "CONFIG" });
  expect(keyring.calls).toHaveLength(1);
  keyring.before = () => undefined;
  await clock.advance(5_000);
  expect(await get()).toMatchObject({ refreshToken: login.refreshToken });
});

test.each([
  [
    "is gone",
    (keyring: FakeKeyring) => {
      keyring.secrets.clear();
    },
  ],
  [
    "is another one",
    (keyring: FakeKeyring) => {
      for (const name of keyring.secrets.keys()) keyring.secrets.set(name, Buffer.alloc(32).toString("base64"));
    },
  ],
  [
    "is no key",
    (keyring: FakeKeyring) => {
      for (const name of keyring.secrets.keys()) keyring.secrets.set(name, "pw");
    },
  ],
])(
  "a key that %s means signing in again; the file stays until then, is set aside, and the next login is encrypted",
  async (_, lose) => {
    const { simulator, home, keyring, window } = await scene();
    await window("keyring").get();
    const before = home.readAuth();
    lose(keyring);
    const { get, store, tokens } = window();
    await expect(get()).rejects.toMatchObject({ code: "AUTH_REQUIRED", next: [{ do: "sign-in" }] });
    expect(await tokens.state()).toMatchObject({ tokens: undefined, damaged: true, encrypted: true });
    expect(home.readAuth()).toBe(before);
    const grant = simulator.issueTokens({ accessExpiresInMs: 3_600_000 });
    await store.rehearse();
    await tokens.saveLogin({
      access_token: grant.accessToken,
      refresh_token: grant.refreshToken,
      id_token: grant.idToken,
      expires_in: 3_600,
    });
    const [aside = "", ...more] = asides(home);
    expect(more).toEqual([]);
    expect(readFileSync(join(home.path, aside), "utf8")).toBe(before);
    expect(home.record()).toMatchObject({ version: 2 });
    expect(secretsIn(home, simulator)).toEqual([]);
    expect(await window().get()).toMatchObject({ refreshToken: grant.refreshToken });
    expect(JSON.parse(home.readAuth())).toMatchObject({ theirs: { token: "theirs" } });
  },
);

test("a lost key does not keep anybody from signing out", async () => {
  const { home, keyring, window } = await scene();
  await window("keyring").get();
  keyring.secrets.clear();
  await window().tokens.signOut({ localOnly: false });
  expect(home.record()).toBeUndefined();
});

test("a window that knows the old key takes the new one that another has made", async () => {
  const { home, keyring, window, simulator } = await scene();
  const old = window("keyring");
  await old.get();
  keyring.secrets.clear();
  const grant = simulator.issueTokens({ accessExpiresInMs: 3_600_000 });
  await window().tokens.saveLogin({
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    id_token: grant.idToken,
    expires_in: 3_600,
  });
  expect(await old.get()).toMatchObject({ refreshToken: grant.refreshToken });
  expect(asides(home)).toHaveLength(1);
});

test.each(["issuer", "apiOrigin", "key"])(
  "an encrypted login with another %s than its own is not opened",
  async (field) => {
    const { home, keyring, window } = await scene();
    await window("keyring").get();
    const document = JSON.parse(home.readAuth()) as { codex: Record<string, string> };
    for (const [name, secret] of [...keyring.secrets]) keyring.secrets.set(`${name}x`, secret);
    document.codex[field] = `${document.codex[field] ?? ""}x`;
    writeFileSync(home.authFile, JSON.stringify(document), { mode: 0o600 });
    await expect(window().get()).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
  },
);

test("the key is made while the save is tried out, so the save after an approval needs no keyring", async () => {
  const { home, keyring, window, simulator } = await scene();
  writeFileSync(home.authFile, "{}", { mode: 0o600 });
  const { store, tokens } = window("keyring");
  await store.rehearse();
  expect(keyring.secrets.size).toBe(1);
  keyring.before = locked;
  const grant = simulator.issueTokens({ accessExpiresInMs: 3_600_000 });
  await tokens.saveLogin({
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    id_token: grant.idToken,
    expires_in: 3_600,
  });
  expect(home.record()).toMatchObject({ version: 2 });
});

test("two windows that encrypt at the same time make one key", async () => {
  const { keyring, window, login } = await scene();
  const windows = Array.from({ length: 5 }, () => window("keyring"));
  for (const tokens of await Promise.all(windows.map(({ get }) => get()))) {
    expect(tokens).toMatchObject({ refreshToken: login.refreshToken });
  }
  expect(keyring.calls.filter((call) => call.startsWith("set"))).toHaveLength(1);
});

test("who cannot decrypt takes an encrypted login for a newer program's, and leaves it", async () => {
  const { simulator, home, window } = await scene();
  await window("keyring").get();
  expect(() => parseAuthFile(home.readAuth(), home.authFile)).toThrow("was written by a newer codex-oauth");
  const store = new MemoryStore();
  store.put(home.readAuth());
  const { codex } = testApp({ simulator, home, credentials: store });
  await expect(codex.query({ prompt: "Now?" })).rejects.toMatchObject({ code: "STORAGE" });
  expect(store.saves).toBe(0);
});

test.each([
  ["mode", { mode: "passkey" }],
  ["algorithm", { algorithm: "ChaCha20-Poly1305" }],
  ["version", { version: 3 }],
  ["form", { sealed: undefined }],
])("an encrypted login with an unknown %s belongs to a newer program", async (_, fields) => {
  const { home, window } = await scene();
  await window("keyring").get();
  const text = JSON.stringify({ codex: { ...home.record(), ...fields } });
  writeFileSync(home.authFile, text, { mode: 0o600 });
  await expect(window().get()).rejects.toMatchObject({ code: "STORAGE" });
  await expect(window().store.rehearse()).rejects.toMatchObject({ code: "STORAGE" });
  expect(home.readAuth()).toBe(text);
});

test("an encrypted part that is no base64 means signing in again", async () => {
  const { home, window } = await scene();
  await window("keyring").get();
  writeFileSync(home.authFile, JSON.stringify({ codex: { ...home.record(), sealed: "!" } }), { mode: 0o600 });
  await expect(window().get()).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
});
