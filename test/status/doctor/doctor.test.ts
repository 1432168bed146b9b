import { expect, test } from "vitest";
import { ok, problem } from "../../../src/status/finding.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { Redactor } from "../../../src/shared/redactor.ts";
import { type Check, Doctor } from "../../../src/status/doctor/doctor.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { act } from "../../../src/shared/next-step.ts";

const patient = new AbortController().signal;
const fine: Check = { name: "fine", run: () => [ok("fine", "Well.")] };

function doctor(checks: Check[], home = "/home/jane") {
  const clock = fakeClock();
  const redactor = new Redactor();
  redactor.addSecrets("opaque-secret-1");
  return { clock, examine: new Doctor({ checks, clock, redactor, home }) };
}

test("a check that fails is a finding and disturbs no other one", async () => {
  const failing = (name: string, error: unknown): Check => ({
    name,
    run: () => Promise.reject(error),
  });
  const broken: Check = {
    name: "thrown",
    run: () => {
      throw new TypeError("Bearer eyJsecretsecret");
    },
  };
  const { examine } = doctor([broken, failing("ours", new CodexError("STORAGE", "The disk is full.")), fine]);
  const found = await examine.examine(patient);
  expect(found.map(({ check, level }) => [check, level])).toEqual([
    ["thrown", "note"],
    ["ours", "note"],
    ["fine", "ok"],
  ]);
  expect(found[1]?.message).toBe("Could not be looked at. The disk is full.");
  expect(JSON.stringify(found)).not.toContain("eyJ");
});

test("a check that hangs is given up, is told so, and keeps nobody waiting longer", async () => {
  let given: AbortSignal | undefined;
  const hanging: Check = {
    name: "hanging",
    run: (signal) => {
      given = signal;
      return new Promise(() => undefined);
    },
  };
  const { clock, examine } = doctor([hanging, fine]);
  const found = examine.examine(patient);
  await clock.advance(12_000);
  expect(await found).toMatchObject([
    { check: "hanging", level: "note", message: "Could not be looked at within 12 s." },
    { check: "fine" },
  ]);
  expect(given?.aborted).toBe(true);
  expect(clock.pending).toBe(0);
});

test("a check that hangs says itself what that means, where it can", async () => {
  const onTimeout = (seconds: number) => problem("net", `No sign in ${seconds} s.`, [act("Unplug it")]);
  const hanging: Check = { name: "net", onTimeout, run: () => new Promise(() => undefined) };
  const { clock, examine } = doctor([hanging]);
  const found = examine.examine(patient);
  await clock.advance(12_000);
  expect(await found).toEqual([onTimeout(12)]);
});

test("the caller's reason ends it", async () => {
  const reason = new Error("changed my mind");
  const cancel = new AbortController();
  const hanging: Check = { name: "hanging", run: () => new Promise(() => undefined) };
  const found = doctor([hanging]).examine.examine(cancel.signal);
  cancel.abort(reason);
  await expect(found).rejects.toBe(reason);
  await expect(doctor([fine]).examine.examine(cancel.signal)).rejects.toBe(reason);
});

test("no secret, no line of its own, and no user's name in a path", async () => {
  const message = "opaque-secret-1 in /home/jane/.claude/auth.json\r\n[TOKEN] /home/janet/x /mnt/home/jane /home/jane";
  const fix = [act("Run: chmod 600 /home/jane/auth.json or '/home/jane/a b' or \"/home/jane/c d\"")];
  const check: Check = { name: "x", run: () => [{ check: "x", level: "problem", message, fix }] };
  expect(await doctor([check]).examine.examine(patient)).toEqual([
    {
      check: "x",
      level: "problem",
      message: "[redacted] in ~/.claude/auth.json [TOKEN] /home/janet/x /mnt/home/jane ~",
      fix: [act("Run: chmod 600 ~/auth.json or '/home/jane/a b' or \"/home/jane/c d\"")],
    },
  ]);
  const [finding] = await doctor([check], "").examine.examine(patient);
  expect(finding?.fix).toEqual(fix);
});
