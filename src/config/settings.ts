import { settableKinds } from "../shared/credential-kind.ts";

/** The environment variables of codex-oauth; DEPLOYMENT.md's table is generated from this list. */
export const settings = [
  {
    name: "CODEX_AUTH_FILE",
    accepts: "an absolute path",
    default: "`auth.json` in `$CLAUDE_CONFIG_DIR`, else in `~/.claude`",
    meaning: "Where the login is stored, under the key `codex`.",
  },
  {
    name: "CODEX_ENCRYPT",
    accepts: "keyring or off",
    default: "as the login is stored already; a new one unencrypted",
    meaning:
      "With keyring, the login is encrypted with a key in the system's keyring; with off, it is decrypted again.",
  },
  {
    name: "CODEX_STATE_DIR",
    accepts: "an absolute path",
    default: "`codex-oauth/` beside the login file",
    meaning: "Caches and the debug log. Losing it costs nothing.",
  },
  {
    name: "CODEX_ISSUER",
    accepts: "an https: URL, or http: on 127.0.0.1, [::1] or localhost",
    default: "`https://auth.openai.com`",
    meaning: "The authorization server. A login is used only with the one that issued it.",
  },
  {
    name: "CODEX_BASE_URL",
    accepts:
      "an https: URL on chatgpt.com or a host below it; with another CODEX_ISSUER any https: URL; " +
      "with one on this machine also http: on 127.0.0.1, [::1] or localhost",
    default: "`https://chatgpt.com/backend-api`",
    meaning: "The API. A login is used only with the origin that it was issued for.",
  },
  {
    name: "CODEX_AUTH",
    accepts: settableKinds.join(" or "),
    default: "the method chosen at sign-in",
    meaning:
      "Beats the method chosen at sign-in. With api-key, `OPENAI_API_KEY` pays for each question; no login is needed.",
  },
  {
    name: "CODEX_API_BASE_URL",
    accepts: "a URL on 127.0.0.1, [::1] or localhost",
    default: "`https://api.openai.com/v1`",
    meaning: "The API for keys; only a program on this machine may stand in for it.",
  },
  {
    name: "CODEX_MODEL",
    accepts: "a model name",
    default: "the account's visible model with the lowest priority number",
    meaning: "The model of queries that name none.",
  },
  {
    name: "CODEX_REASONING_EFFORT",
    accepts: "none, minimal, low, medium, high, xhigh, max or ultra",
    default: "the model's own",
    meaning: "The effort of queries that name none.",
  },
  {
    name: "CODEX_CLIENT_VERSION",
    accepts: "three numbers with dots, such as 0.169.0",
    default: "`0.169.0`",
    meaning: "The Codex version that is reported; the service shows newer models to newer versions.",
  },
  {
    name: "CODEX_IDLE_TIMEOUT_MS",
    accepts: "100 to 1800000",
    default: "`300000`",
    meaning: "How long the service may be silent during an answer.",
  },
  {
    name: "CODEX_CALLBACK_PORTS",
    accepts: "1455 and 1457; with another CODEX_ISSUER any ports, separated by commas, also 0",
    default: "`1455,1457`",
    meaning: "Where the browser comes back to, tried in this order.",
  },
  {
    name: "CODEX_NO_BROWSER",
    accepts: "1 or 0",
    default: "`0`",
    meaning: "With 1, a sign-in only gives the URL or a code and opens nothing.",
  },
  {
    name: "CODEX_DEBUG",
    accepts: "1 or 0",
    default: "`0`",
    meaning: "With 1, diagnostics go to stderr and to `debug.log` in the state folder.",
  },
] as const;

export type SettingName = (typeof settings)[number]["name"];
