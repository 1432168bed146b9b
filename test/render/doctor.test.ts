import { expect, test } from "vitest";
import { renderDoctor } from "../../src/render/doctor.ts";
import { act } from "../../src/shared/next-step.ts";

const report = {
  version: "0.1.0",
  nodeVersion: "v20.20.2",
  platform: "linux 6.1.0; x64",
  clientVersion: "0.169.0",
};

test("what is wrong comes first, each with what to do", () => {
  const text = renderDoctor(
    {
      ...report,
      findings: [
        { check: "node", level: "ok", message: "Node v20.20.2." },
        {
          check: "clock",
          level: "note",
          message: "It is 2 min behind.",
          fix: [act("Set the clock")],
        },
        {
          check: "login file",
          level: "problem",
          message: "It is open.",
          fix: [act("Run: chmod 600 x")],
        },
        { check: "refresh lock", level: "note", message: "A dead process left it." },
      ],
    },
    "cli",
  );
  expect(text).toMatchInlineSnapshot(`
    "codex-oauth 0.1.0, Node v20.20.2, linux 6.1.0; x64, reported Codex version 0.169.0
    Doctor: 1 problem, 2 notes.
    PROBLEM  login file: It is open.
             → Run: chmod 600 x
    note     clock: It is 2 min behind.
             → Set the clock.
    note     refresh lock: A dead process left it.
    ok       node: Node v20.20.2."
  `);
});

test("nothing found is message, too", () => {
  expect(renderDoctor({ ...report, findings: [] }, "cli")).toMatch(/\nDoctor: no problems, no notes\.$/);
});
