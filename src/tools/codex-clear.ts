import * as z from "zod";
import { accountLabel } from "../core/tokens.ts";
import { renderCleared } from "../render/login.ts";
import { defineTool } from "./tool.ts";

export const codexClear = defineTool({
  name: "codex_clear",
  title: "Sign out of Codex (removes the stored login)",
  description:
    "Remove the stored ChatGPT login from this machine and stop a login that is waiting; says whose " +
    "login it was. Every window loses access until codex_login. Other entries of the login file, and " +
    "logins of other programs, stay. Ask the user first. To only look, call codex_status.",
  annotations: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: false,
  },
  input: z.strictObject({}),
  needs: ["storage"],
  async handle(_, { tokens, login }) {
    const stoppedLogin = await login.cancel("The login was cleared.");
    const removed = await tokens.clear();
    const account = removed === undefined ? undefined : accountLabel(removed);
    return {
      text: renderCleared(removed, stoppedLogin),
      facts: { cleared: removed !== undefined, account },
    };
  },
});
