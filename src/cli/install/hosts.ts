/** The clients with a configuration to print. Claude Code has the plugin instead. */
export const hosts = ["cursor", "vscode", "codex", "gemini", "claude-desktop"] as const;
export type Host = (typeof hosts)[number];
export type OperatingSystem = "linux" | "macos" | "windows";

/** How a client starts the server. */
export interface ServerEntry {
  /** A program's name or its absolute path. */
  command: string;
  args: readonly string[];
  /** Settings of the server, by variable. */
  env?: Readonly<Record<string, string>>;
}

interface HostConfiguration {
  /** The user's file, as the client's documentation writes it: `~` and `%APPDATA%` stay. */
  file: Record<OperatingSystem, string>;
  format: "json" | "toml";
  /** The whole file if there is none yet, else what to add to it. Ends with a newline. */
  text: string;
}

/** The server's name in each client; a tool's full name begins with it. */
export const serverName = "codex";

/** As long as a query may take. Codex ends a call after one minute and Gemini CLI after ten, unless configured. */
const longestCallSeconds = 30 * 60;

/** The exact configuration of a client, and its file. docs/hosts/ has a page on each. */
export function hostConfiguration(host: Host, { command, args, env }: ServerEntry): HostConfiguration {
  const entry = { command, args, ...(env && { env }) };
  const mcpServers = { [serverName]: entry };
  switch (host) {
    case "cursor":
      return { file: inHome(".cursor/mcp.json"), format: "json", text: json({ mcpServers }) };
    case "vscode": {
      const servers = { [serverName]: { type: "stdio", ...entry } };
      return { file: inSettings("Code/User/mcp.json"), format: "json", text: json({ servers }) };
    }
    case "codex":
      return { file: inHome(".codex/config.toml"), format: "toml", text: codexToml(entry) };
    case "gemini": {
      const withTimeout = { [serverName]: { ...entry, timeout: longestCallSeconds * 1000 } };
      return { file: inHome(".gemini/settings.json"), format: "json", text: json({ mcpServers: withTimeout }) };
    }
    case "claude-desktop":
      return { file: inSettings("Claude/claude_desktop_config.json"), format: "json", text: json({ mcpServers }) };
  }
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

/** A TOML basic string: it takes all of JSON's escapes, and needs DEL escaped as well. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}
