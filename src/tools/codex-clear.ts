import * as z from "zod";
import { accountLabel } from "../core/tokens.ts";
import { renderCleared } from "../render/sign-out.ts";
import { defineTool } from "./tool.ts";

export const codexClear = defineTool({
  name: "codex_clear",
  title: "Sign out of Codex (revokes and removes the stored login)",
  description:
    "Sign out: revoke the stored ChatGPT login at the server, remove it from this machine whatever " +
    "the server answers, and stop a login that is waiting; says whose login it was. Every window loses " +
    "access until codex_login. Other entries of the login file, and logins of other programs, stay. " +
    "Ask the user first. To only look, call codex_status.",
  annotations: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: true,
  },
  input: z.strictObject({
    local_only: z
      .boolean()
      .optional()
      .describe("True: send nothing to the server, only remove the login here. Default false."),
  }),
  needs: ["storage"],
  async handle({ local_only }, { tokens, login, config }, { signal }) {
    const stoppedLogin = await login.cancel("The login was cleared.");
    // Where the server cannot be told from somebody else's, nothing is sent.
    const unsafe = config.problems.find(({ area }) => area === "origins");
    const localOnly = local_only === true || unsafe !== undefined;
    const done = await tokens.signOut({ localOnly, signal });
    const why = local_only !== true && unsafe ? `${unsafe.setting} cannot be used` : done.why;
    const account = done.removed === undefined ? undefined : accountLabel(done.removed);
    return {
      text: renderCleared({ ...done, why, stoppedLogin }),
      facts: {
        cleared: done.removed !== undefined,
        account,
        revoked: done.removed && done.revoked,
        forgotten: done.forgotten,
      },
    };
  },
});
