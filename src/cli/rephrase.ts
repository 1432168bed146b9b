import type { Finding } from "../status/finding.ts";

const commands: Readonly<Record<string, string>> = {
  codex_login: "codex-oauth login",
  codex_clear: "codex-oauth logout",
  codex_status: "codex-oauth status",
  codex_models: "codex-oauth models",
  codex_query: "codex-oauth query",
};

/**
 * The tools' own words, as they are meant here: commands in place of tools. Only for texts of ours,
 * never for an answer.
 */
export function commandWords(text: string): string {
  return text
    .replaceAll("and call codex_login with it as callback_url", "and paste it here")
    .replaceAll("callback_url", "the pasted text")
    .replace(/\b([Cc])all (?=codex_[a-z]+\b)/g, (_, c: string) => (c === "C" ? "Run " : "run "))
    .replace(/codex_login with method "?browser"?/g, "codex_login")
    .replace(/codex_login with method "?(device|codex-cli|api-key)"?/g, "codex_login --$1")
    .replace(/, or with method "browser"/g, ", or codex_login")
    .replaceAll("the environment of Claude Code", "the environment")
    .replaceAll(" and restart Claude Code", "")
    .replace(/Start Claude Code with (\w+) in its environment/g, "Set $1 in the environment")
    .replace(/\bcodex_[a-z]+\b/g, (name) => commands[name] ?? name)
    .replace(/\b([Rr])epeat the call\b/g, "$1epeat the command")
    .replaceAll("reasoning_effort", "--effort");
}

/** The same for what the doctor found. */
export function inCommandWords(finding: Finding): Finding {
  const { said, remedy } = finding;
  return {
    ...finding,
    said: commandWords(said),
    remedy: remedy === undefined ? undefined : commandWords(remedy),
  };
}
