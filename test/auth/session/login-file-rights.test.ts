import { chmodSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { makeHome, writeLogin } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { tokenRig } from "../../support/token-rig.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test.each([
  [0o644, "0644"],
  [0o666, "0666"],
  [0o620, "0620"],
])("a login file that was restored with mode %o is closed at its first use, with a notice", async (mode, shown) => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  chmodSync(home.authFile, mode);
  const { store, get } = tokenRig({ simulator, home });
  const content = home.readAuth();
  await get();
  await get();
  expect(modeOf(home.authFile)).toBe(0o600);
  expect(home.readAuth()).toBe(content);
  expect(store.notices).toEqual([
    `Other users could read or change ${home.authFile} (mode ${shown}); it is closed to them now.`,
  ]);
});

test("a report changes no rights, and a private file gets no notice", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { store, get } = tokenRig({ simulator, home });
  await get();
  expect(store.notices).toEqual([]);
  chmodSync(home.authFile, 0o644);
  await store.peek();
  expect(modeOf(home.authFile)).toBe(0o644);
});
