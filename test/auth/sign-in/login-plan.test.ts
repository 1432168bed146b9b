import { expect, test } from "vitest";
import { planLogin, type NoBrowserReason, type LoginEnvironment } from "../../../src/auth/sign-in/login-plan.ts";
import { desktop } from "../../support/login-rig.ts";

type Case = [string, Partial<LoginEnvironment>, NoBrowserReason | undefined, NoBrowserReason | undefined];

const bare = { display: false, opener: false };

const cases: Case[] = [
  ["a desktop", {}, undefined, undefined],
  ["macOS", { platform: "darwin", display: false }, undefined, undefined],
  ["Windows", { platform: "win32", display: false }, undefined, undefined],
  ["WSL without a display", { wsl: true, display: false }, undefined, undefined],
  ["the setting", { noBrowser: "setting" }, "setting", "setting"],
  ["the library's option", { noBrowser: "option" }, "option", "option"],
  ["the library's option over SSH", { noBrowser: "option", ssh: true }, "option", "option"],
  ["the setting over SSH", { noBrowser: "setting", ssh: true }, "setting", "setting"],
  ["Codespaces", { codespaces: true, container: true, ...bare }, "codespaces", "no-display"],
  ["SSH without a display", { ssh: true, ...bare }, "ssh", "no-display"],
  ["SSH with a forwarded display", { ssh: true }, "ssh", undefined],
  ["SSH into macOS", { ssh: true, platform: "darwin", display: false }, "ssh", undefined],
  ["SSH into WSL", { ssh: true, wsl: true, display: false }, "ssh", undefined],
  ["a container", { container: true, ...bare }, "container", "no-display"],
  ["a container of the desktop", { container: true }, "container", undefined],
  ["no display", bare, "no-display", "no-display"],
  ["no opener", { opener: false }, "no-opener", "no-opener"],
];

test.each(cases)("%s: auto and an explicit browser", (_, facts, auto, explicit) => {
  const host = { ...desktop, ...facts };
  expect(planLogin("auto", host)).toEqual({ method: "browser", noBrowserReason: auto });
  expect(planLogin("browser", host)).toEqual({ method: "browser", noBrowserReason: explicit });
  expect(planLogin("device", host)).toEqual({ method: "device" });
});
