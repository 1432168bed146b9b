import * as z from "zod";
import { accountLabel } from "../../auth/oauth/token-set.ts";
import { renderCleared } from "../../render/sign-out.ts";
import { defineTool } from "../tool.ts";

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
  async handle({ local_only: localOnly }, codex, { signal }) {
    const done = await codex.signOut({ localOnly, signal });
    const account = done.removed === undefined ? undefined : accountLabel(done.removed);
    return {
      text: renderCleared(done),
      facts: {
        cleared: done.removed !== undefined,
        account,
        revoked: done.removed && done.revoked,
        forgotten: done.forgotten,
      },
    };
  },
});
