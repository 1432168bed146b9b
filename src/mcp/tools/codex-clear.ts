import * as z from "zod";
import { accountLabel } from "../../auth/oauth/token-set.ts";
import { renderSignOut } from "../../render/sign-out.ts";
import { defineTool } from "../tool.ts";

export const codexClear = defineTool({
  name: "codex_clear",
  title: "Sign out of Codex (revokes and removes the stored login)",
  description:
    "Sign out: revoke the stored ChatGPT login at the server, remove it from this machine whatever " +
    "the server answers, and stop a login that is waiting; says whose login it was. Every window loses " +
    "access until codex_login. Other entries of the login file, and logins of other programs, stay. " +
    "Ask the user first. To only look, call codex_status.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({
    local_only: z
      .boolean()
      .optional()
      .describe("True: send nothing to the server, only remove the login here. Default false."),
  }),
  needs: ["storage"],
  async handle({ local_only: localOnly }, codex, { signal }) {
    const done = await codex.signOut({ localOnly, signal });
    const { removed, revoked, forgotten } = done;
    const account = removed && accountLabel(removed);
    return {
      text: renderSignOut(done),
      facts: { cleared: removed !== undefined, account, revoked: removed && revoked, forgotten },
    };
  },
});
