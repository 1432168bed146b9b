import { expect, test } from "vitest";
import { dropRelativeFolders } from "../../src/platform/search-path.ts";

test.each([
  ["/usr/bin:/bin", "/usr/bin:/bin"],
  ["bin:/usr/bin::.:/bin:../x:", "/usr/bin:/bin"],
  // An empty search path would mean the current folder.
  ["bin:.", undefined],
  ["", undefined],
  [undefined, undefined],
])("a PATH of %j becomes %j", (before, after) => {
  const env = before === undefined ? { HOME: "/h" } : { PATH: before, HOME: "/h" };
  dropRelativeFolders(env, "linux");
  expect(env).toEqual(after === undefined ? { HOME: "/h" } : { PATH: after, HOME: "/h" });
});
