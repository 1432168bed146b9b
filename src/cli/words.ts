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
    .replace(/\bCall (?=codex_[a-z]+\b)/g, "Run ")
    .replace(/\bcall (?=codex_[a-z]+\b)/g, "run ")
    .replace(/\bcodex_[a-z]+\b/g, (name) => commands[name] ?? name)
    .replace(/\b([Rr])epeat the call\b/g, "$1epeat the command")
    .replace(/\breasoning_effort\b/g, "--effort");
}
