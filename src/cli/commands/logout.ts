import { renderSignOut } from "../../render/sign-out.ts";
import { UsageError, type Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { confirmed } from "../terminal/input.ts";

export const logout: Command = {
  name: "logout",
  summary: "Sign out, after asking",
  usage: "[OPTIONS]",
  options: {
    yes: { type: "boolean", short: "y", meaning: "sign out unasked" },
    "local-only": { type: "boolean", meaning: "only remove the login here, tell the server nothing" },
  },
  needs: ["storage"],
  check({ options }, { stdinIsTty }) {
    if (options["yes"] !== true && !stdinIsTty) {
      throw new UsageError("logout: it asks first; add --yes where nobody can answer");
    }
  },
  async run({ options }, context) {
    const { codex, terminal, signal } = context;
    const done = await codex.signOut({
      localOnly: options["local-only"] === true,
      signal,
      confirm: async (account) =>
        options["yes"] === true || confirmed(`Sign out ${account === "" ? "the damaged login" : account}?`, context),
    });
    if (done.declined) return exitCodes.failed.code;
    terminal.stdout.write(`${renderSignOut(done)}\n`);
    return exitCodes.ok.code;
  },
};
