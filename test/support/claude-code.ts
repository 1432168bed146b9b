import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchedPackage } from "./fetched-package.ts";

/** The Claude Code that the tests were written against. */
const version = "2.1.329";

/** For a service that is scripted: it looks at no key. */
const apiKey = "sk-ant-not-a-key";

/**
 * The program itself: of its package's scripts, which would look for it, none is run.
 *
 * @throws Error with npm's own words when it cannot be fetched
 */
export function claudeProgram(): string {
  const launcher = fetchedPackage(`@anthropic-ai/claude-code@${version}`);
  const platform = `claude-code-${process.platform}-${process.arch}`;
  const program = join(launcher, "..", platform, "claude");
  if (!existsSync(program)) throw new Error(`npm brought no ${platform} for this machine`);
  return program;
}

/** What every start has: no telemetry, no updates, no real home. */
export function claudeEnvironment(home: string, config: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    TMPDIR: process.env["TMPDIR"] ?? "/tmp",
    CLAUDE_CONFIG_DIR: config,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1", // it may run as root in a container
  };
}

/** What a start has that asks the scripted model at `url`. */
export function scriptedModel(url: string): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: apiKey,
    MCP_CONNECTION_NONBLOCKING: "0", // the first prompt waits for the server
  };
}

/** Theme, trust in the folder, use of the key: what a person in a terminal has answered long ago. */
export function answerFirstQuestions(config: string, project: string): void {
  const file = join(config, ".claude.json");
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as object) : {};
  const settings = {
    ...known,
    hasCompletedOnboarding: true,
    lastOnboardingVersion: version,
    theme: "dark",
    customApiKeyResponses: { approved: [apiKey.slice(-20)], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
  mkdirSync(config, { recursive: true });
  writeFileSync(file, JSON.stringify(settings));
}
