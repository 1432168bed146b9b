import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "./cli.ts";
import { fakeClaude, type FakeClaudeOptions } from "./fake-claude.ts";
import { makeHome } from "./home.ts";
import { simulate } from "./server.ts";

/** Somebody with a `claude` of the test's own, and a folder for commands. */
export async function person(options?: FakeClaudeOptions) {
  const simulator = await simulate();
  const home = makeHome();
  const claude = fakeClaude(home, options);
  const own = join(home.path, "claude");
  const commands = join(own, "commands");
  const env = { PATH: claude.folder, CLAUDE_CONFIG_DIR: own };
  return {
    simulator,
    home,
    claude,
    commands,
    env,
    run: (...args: string[]) => runCli({ simulator, home, args, env }),
    shortcuts: () => (existsSync(commands) ? readdirSync(commands).sort() : []),
  };
}
