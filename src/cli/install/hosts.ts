/** The hosts whose configuration we can write out. Claude Code has the plugin instead. */
export const hosts = ["cursor", "vscode", "codex", "gemini", "claude-desktop"] as const;
export type Host = (typeof hosts)[number];
export type OperatingSystem = "linux" | "macos" | "windows";

/** How a host starts the server. */
export interface ServerEntry {
  /** A program's name or its absolute path. */
  command: string;
  args: readonly string[];
  /** Settings of the server, by variable; most hosts need none. */
  env?: Readonly<Record<string, string>>;
}

export interface HostConfiguration {
  /** The user's own file, as the host's documentation writes it: `~` and `%APPDATA%` stay. */
  file: Record<OperatingSystem, string>;
  format: "json" | "toml";
  /** The whole file where there is none yet, else what to add to it. Ends with a newline. */
  text: string;
}

/** What the server is called in each host; a tool's full name there begins with it. */
export const serverName = "codex";

/**
 * As long as a question may take. Codex ends a call after one minute and Gemini CLI after ten,
 * unless the entry says more.
 */
const longestCallSeconds = 30 * 60;

/** The exact configuration of a host, and where it goes. docs/hosts/ has a page on each. */
export function hostConfiguration(host: Host, entry: ServerEntry): HostConfiguration {
  return configurations[host](entry);
}

const configurations: Record<Host, (entry: ServerEntry) => HostConfiguration> = {
  cursor: (entry) => ({
    file: inHome(".cursor/mcp.json"),
    format: "json",
    text: json({ mcpServers: { [serverName]: entryOf(entry) } }),
  }),
  vscode: (entry) => ({
    file: inSettings("Code/User/mcp.json"),
    format: "json",
    text: json({ servers: { [serverName]: { type: "stdio", ...entryOf(entry) } } }),
  }),
  codex: (entry) => ({
    file: inHome(".codex/config.toml"),
    format: "toml",
    text: codexToml(entry),
  }),
  gemini: (entry) => ({
    file: inHome(".gemini/settings.json"),
    format: "json",
    text: json({
      mcpServers: { [serverName]: { ...entryOf(entry), timeout: longestCallSeconds * 1000 } },
    }),
  }),
  "claude-desktop": (entry) => ({
    file: inSettings("Claude/claude_desktop_config.json"),
    format: "json",
    text: json({ mcpServers: { [serverName]: entryOf(entry) } }),
  }),
};

function entryOf({ command, args, env }: ServerEntry): object {
  return { command, args, ...(env === undefined ? {} : { env }) };
}

function inHome(path: string): Record<OperatingSystem, string> {
  return { linux: `~/${path}`, macos: `~/${path}`, windows: onWindows(`%USERPROFILE%/${path}`) };
}

function inSettings(path: string): Record<OperatingSystem, string> {
  return {
    linux: `~/.config/${path}`,
    macos: `~/Library/Application Support/${path}`,
    windows: onWindows(`%APPDATA%/${path}`),
  };
}

function onWindows(path: string): string {
  return path.replaceAll("/", "\\");
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function codexToml({ command, args, env }: ServerEntry): string {
  const lines = [
    `[mcp_servers.${serverName}]`,
    `command = ${tomlString(command)}`,
    `args = [${args.map(tomlString).join(", ")}]`,
    `tool_timeout_sec = ${longestCallSeconds}`,
  ];
  if (env !== undefined) {
    lines.push("", `[mcp_servers.${serverName}.env]`);
    for (const [name, value] of Object.entries(env)) {
      lines.push(`${tomlString(name)} = ${tomlString(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** TOML's basic string takes all of JSON's escapes, and wants DEL escaped as well. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}
