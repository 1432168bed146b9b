import { accountLabel } from "../../auth/oauth/token-set.ts";
import { renderCleared } from "../../render/sign-out.ts";
import { clearLogin } from "../../status/clear-login.ts";
import { confirmed } from "../confirm.ts";
import { UsageError, type Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export const logout: Command = {
  name: "logout",
  summary: "Sign out, after asking",
  usage: "[OPTIONS]",
  options: {
    yes: { type: "boolean", short: "y", meaning: "sign out unasked" },
    "local-only": {
      type: "boolean",
      meaning: "only remove the login here, tell the server nothing",
    },
  },
  takesWords: false,
  notes: [],
  needs: ["storage"],
  check({ options }, { stdinIsTty }) {
    if (options["yes"] !== true && !stdinIsTty) {
      throw new UsageError("logout: it asks first; add --yes where nobody can answer");
    }
  },
  async run({ options }, context) {
    const { services, terminal, signal } = context;
    const { tokens, damaged } = await services.tokens.state();
    const present = tokens !== undefined || damaged;
    if (present && options["yes"] !== true) {
      const whose = tokens === undefined ? "the damaged login" : accountLabel(tokens);
      if (!(await confirmed(`Sign out ${whose}?`, context))) return exitCodes.failed.code;
    }
    const done = await clearLogin(services, options["local-only"] === true, signal);
    terminal.stdout.write(`${renderCleared(done)}\n`);
    return exitCodes.ok.code;
  },
};
