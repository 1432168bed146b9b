import { call, claudeHost, type Host } from "./host.ts";

/** A machine where nobody is signed in. */
export const newcomer = (): Promise<Host> => claudeHost({ signedIn: false });

/** Where a login sends the person's browser. */
export function urlIn({ text }: { text: string }): string {
  const [url] = /^http\S+\/oauth\/authorize\S+$/m.exec(text) ?? [];
  if (url === undefined) throw new Error(`no URL to sign in: ${text}`);
  return url;
}

/** The code that the person is to enter, alone on its line. */
export function codeIn({ text }: { text: string }): string {
  const [code] = /^[A-Z0-9]{4,}-[A-Z0-9]{4,}$/m.exec(text) ?? [];
  if (code === undefined) throw new Error(`no device code: ${text}`);
  return code;
}

export const portOf = (url: string): number =>
  Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port);

/** A call that waits as long as a host lets it. */
export const waitOn = call("codex_login", { wait_seconds: 100 });
export const status = call("codex_status");
