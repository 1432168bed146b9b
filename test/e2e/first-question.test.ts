import { expect, test } from "vitest";
import { makeHome } from "../support/home.ts";
import { originNote, simulate, startServer } from "../support/server.ts";

for (const entry of ["shipped", "test"] as const) {
  test(`a newcomer signs in and gets an answer (${entry} entry)`, async () => {
    const simulator = await simulate();
    const home = makeHome();
    const { call } = await startServer({ simulator, home, entry });

    expect((await call("codex_status")).text).toContain("Not signed in");
    expect((await call("codex_query", { prompt: "hi" })).code).toBe("AUTH_REQUIRED");

    const login = await call("codex_login");
    const page = await simulator.signIn(String(login.facts["authorizationUrl"]));
    expect(page.status).toBe(200);
    expect((await call("codex_status")).text).toMatch(/^Signed in as .\*\*\*@/m);

    expect((await call("codex_models")).text).toContain("gpt-6.1-sol (default)");
    const answer = await call("codex_query", { prompt: "Explain PKCE in one sentence." });
    expect(answer.isError).toBe(false);
    expect(answer.text).toMatch(/PKCE[^]*\n\n— from /);
    expect(answer.text).toContain(`\n\n— ${originNote(simulator)} · gpt-6.1-sol · effort low · `);

    expect((await call("codex_clear")).text).toContain("Signed out");
    expect(home.readAuth()).not.toContain("Token");
    expect((await call("codex_query", { prompt: "hi" })).code).toBe("AUTH_REQUIRED");
  });
}
