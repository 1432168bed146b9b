import { describe, expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { gate } from "../support/replies.ts";
import { originNote } from "../support/server.ts";
import { call, claudeHost, tool } from "./rig/host.ts";
import { conversation, lastResult, toolResults } from "./rig/messages.ts";
import { hasTmux } from "./rig/processes.ts";
import { openTerminal } from "./rig/terminal.ts";

const never = new Promise<never>(() => undefined);
const half = answerEvents({ text: "half an answer" }).slice(0, 6);

describe.skipIf(!hasTmux)("in a terminal", () => {
  test("the progress of a question stands under the call, and Esc ends it at the service", async () => {
    const host = await claudeHost();
    const terminal = await openTerminal(host, "progress");
    host.simulator.next("responses", { kind: "stream", events: [...half, never] });
    host.model.plan({ calls: [call("codex_query", { prompt: "slow" })] });
    await terminal.enter("/codex-oauth:codex slow");
    const request = await host.simulator.waitForRequest("responses");
    expect(await terminal.shows(/writing, \d+ characters/)).toContain("codex");
    terminal.press("Escape");
    await request.done;
    expect(request.closedBy).toBe("client");
    await terminal.shows("Interrupted");
  });

  test("a call that was moved to the background still gives its answer", async () => {
    const host = await claudeHost({ env: { CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: "5000" } });
    const terminal = await openTerminal(host, "background");
    const open = gate();
    const events = [open.promise, ...answerEvents({ text: "The answer came late." })];
    host.simulator.next("responses", { kind: "stream", events });
    host.model.plan(
      { calls: [call("codex_query", { prompt: "slow" })] },
      { text: "It goes on in the background." },
      { text: "There it is." },
    );
    await terminal.enter("/codex-oauth:codex slow");
    expect(lastResult(await host.model.asked(2)).text).toContain("moved to the background");
    await terminal.shows("It goes on in the background.");
    open.resolve(undefined);
    const last = await host.model.asked(3);
    const seen = [conversation(last), ...toolResults(last).map(({ text }) => text)].join("\n");
    expect(seen).toContain(`The answer came late.\n\n— ${originNote(host.simulator)} · gpt-6.1-sol · effort low`);
    await terminal.shows("There it is.");
  });

  test("/codex-clear asks the person, and signs out in the same turn without a prompt", async () => {
    const host = await claudeHost();
    const terminal = await openTerminal(host, "clear");
    const options = [
      { label: "Sign out", description: "Removes the login" },
      { label: "Keep it", description: "Changes nothing" },
    ];
    const question = {
      question: "Remove the login?",
      header: "Login",
      options,
      multiSelect: false,
    };
    host.model.plan(
      { calls: [call("codex_status")] },
      { calls: [{ name: "AskUserQuestion", input: { questions: [question] } }] },
      { calls: [call("codex_clear")] },
      (request) => ({ text: lastResult(request).text }),
    );
    await terminal.enter("/codex-oauth:codex-clear");
    await terminal.shows("Remove the login?");
    await terminal.pressUntilGone("Enter", "Enter to select");
    await terminal.shows("Signed out");
    expect(host.home.record()?.["refreshToken"]).toBeUndefined();
    const names = host.model.requests.at(-1)!.messages.map(({ content }) => JSON.stringify(content));
    expect(names.join("\n")).toContain(tool("codex_clear"));
  });
});
