// What SECURITY.md promises, each claim with the tests that hold it. `docs.mjs` makes the table of it, and refuses a
// test that does not exist.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** By threat: claims, each followed by its tests as `file: title`, without `test/` and `.test.ts`. */
type SecurityClaims = Readonly<Record<string, readonly (readonly [claim: string, ...tests: string[]])[]>>;

/** `…` in a title is a value that differs from case to case. */
export const securityClaims: SecurityClaims = {
  "Two processes spend one refresh token": [
    [
      "A process sends the token only with a claim that exists once, and looks again right before. The token is sent again only if the request did not use it, or its outcome is unknown.",
      "process/refresh-race: no login is lost: …",
      "auth/session/claim-files: of twenty processes that claim the same number, one gets it",
      "auth/session/token-refresher: a newer claim that appears … keeps the request from being sent, and stays",
    ],
    [
      "A claim is overtaken only if its owner has died, has held it for ten minutes, or can't be judged and has left it unchanged for a minute of the observer's own time. No wall clocks are compared.",
      "auth/session/claim-files: of a process that has ended is over at once",
      "auth/session/claim-files: of a process of this host is ten minutes of uptime, whatever the clock says (… ms off)",
      "auth/session/claim-files: of a process elsewhere is a minute of one's own time without a change (clock … ms off)",
      "platform/process-scope: a new host name makes no other scope of a process (needs /proc)",
    ],
  ],
  "A process dies or hangs during a refresh": [
    [
      "The end of a server, at any moment, costs no login: the refresh has a process of its own.",
      "process/refresh-killed: a server killed when … costs no login, and the next one answers",
      "process/refresh-interrupted: … during a refresh: the server ends with 0 at once, and the refresh process saves the new token",
    ],
    [
      "The room for the new login is taken before the token is sent. Without it, the token is not sent.",
      "process/login-file: where the new token could not be saved, the old one is not spent",
      "auth/session/token-refresher: is made in the room that was prepared before the request",
      "platform/files/single-file-mount: that is read-only is told before a token is used",
    ],
    [
      "An answer that arrives while the refresh process is suspended is read, whatever the length of the suspension.",
      "platform/clock-suspended: whatever the length of a suspension, what came meanwhile has a second of running time",
    ],
  ],
  "Somebody reads or replaces the login file": [
    [
      "What codex-oauth writes has mode 0600 from its creation. Links, other users' files and special files are refused.",
      "platform/files/secure-file: the file is 0600 under umask …",
      "platform/files/secure-file: a symbolic link is neither read nor replaced, and its target stays",
      "platform/files/secure-file: a file of another user is neither read nor replaced (only root can make one)",
    ],
    [
      "A login file that was restored with open rights is closed at its first use, with a notice.",
      "auth/session/login-file-rights: a login file that was restored with mode … is closed at its first use, with a notice",
    ],
    [
      "A file that another program is writing is not set aside, and what other programs store in it stays.",
      "auth/session/damaged-auth-file: a login file cut to … bytes that is whole again 20 ms later costs nothing",
      "auth/session/damaged-auth-file: a damaged file stays where it is as long as another program holds its lock",
      "auth/session/auth-file-properties: others' entries outlive a sign-in, a refresh and a sign-out",
    ],
  ],
  "Somebody reads a copy of the login file (a backup, a synced folder)": [
    [
      "On request it is encrypted with AES-256-GCM. Only the system's keyring keeps the key. The origins are bound to the login.",
      "keyring/secret-service: login --keyring encrypts the login in its place; its key is in the Secret Service and not in the kernel's keyring",
      "auth/session/login-cipher: with CODEX_ENCRYPT=keyring the login's first use encrypts it: no token, account or e-mail is left in the file",
      "auth/session/login-cipher: an encrypted login with another … than its own is not opened",
    ],
  ],
  "A token goes to another host": [
    [
      "The tokens of a login go only to the issuer and the API that it was issued for, and for a workspace to a host below `chatgpt.com`. Redirects are not followed.",
      "process/settings: a login is never sent to another origin than its own",
      "auth/accounts-check: … is refused",
      "auth/session/sign-out: a login of another issuer is removed, and its token goes to no server",
      "process/query-failures: a redirect takes no byte to another place",
      "auth/session/refresh-answers: a redirect (…) is refused, and no other server gets a request",
    ],
    [
      "Requests go by `https:`, or to this machine. Certificates are always checked.",
      "config/config-origins: refuses …, keeps the standard and says why",
      "http/tls: nothing is sent to another machine, not even a connection is made",
      "http/tls: other machines are checked even where the environment says otherwise",
    ],
    [
      "The source names `auth.openai.com`, `chatgpt.com` and `api.openai.com`, and no other host.",
      "contract/promises: the source names no other host than the three that it talks to",
    ],
  ],
  "A setting changes where tokens go": [
    [
      "A login of `auth.openai.com` goes only to `chatgpt.com`, hosts below it and its issuer. With another issuer every text of a sign-in names the API's host first.",
      "config/config-origins: is chatgpt.com or a host below it, with the issuer …",
      "process/settings: with OpenAI's issuer no sign-in begins for an API elsewhere",
      "render/login: names the host that gets the login before the one that issues it (…)",
      "render/callback-page: each page names an API that is not OpenAI's before anything else (…)",
    ],
  ],
  "A project's folder brings files": [
    [
      "codex-oauth takes no setting, login, program or trusted authority from the folder that it is started in.",
      "process/surroundings: nothing in the project's folder is read",
      "process/surroundings: an authority in the project's folder is not trusted, though Node has read it",
      "process/login-browser: a project's opener is not run, wherever the PATH names the project first (… entry)",
      "windows/install: a … in the folder that it is started in is not run",
    ],
  ],
  "A web page or a local program injects a sign-in": [
    [
      "A callback counts only with the sign-in's state, at the exact path and host. Others change and end nothing. PKCE binds the code, and there is one exchange.",
      "auth/sign-in/callback/server: refuses … with 400 and goes on waiting for the right answer",
      "auth/sign-in/callback/requests: answers the right callback to …",
      "auth/sign-in/browser-flow-denial: a wrong error, code or issuer cannot end a login that waits",
      "auth/sign-in/browser-flow: a code of another sign-in, put under our state, is refused and nothing is stored",
      "auth/sign-in/browser-flow-paste: when … comes first and the other follows, there is one exchange",
    ],
    [
      "The listener is on this machine's loopback addresses only, for ten minutes at most.",
      "auth/sign-in/callback/connections: is not there for anything but the two loopback addresses",
      "auth/sign-in/browser-flow-end: after ten minutes the login is over: LOGIN_TIMEOUT, a free port, no late callback",
    ],
  ],
  "Another user of the machine reads the URL in the opener's arguments": [
    [
      "It is a page of this machine, for one browser, which gets a cookie that the callback requires; on Linux another user is refused. A second browser ends the sign-in before anything is saved.",
      "process/login-other-user: the opener's arguments show no state, no challenge and no authorization URL",
      "process/login-other-user: somebody else who follows the opener's URL is not led to the sign-in, which goes on waiting",
      "auth/sign-in/callback/start-page: …, with the page's state, is 400 and changes nothing",
      "auth/sign-in/browser-flow-start: a second browser that opens the page ends the sign-in before anything is exchanged or saved",
    ],
  ],
  "A sign-in replaces your account with another one": [
    [
      "The answer names both accounts, masked.",
      "mcp/tools/codex-login: says both accounts, masked, when a sign-in takes the place of another account's",
    ],
  ],
  "The result page gives something away": [
    [
      "It has no code, token or foreign text. It loads nothing, stores nothing and sends no referrer.",
      "auth/sign-in/callback/answers: no answer repeats code, state or anything else of its request, or sends elsewhere",
      "auth/sign-in/callback/answers: every answer forbids storing, sniffing, framing, referrers and foreign content",
      "render/callback-page: the page in … of … asks for nothing from elsewhere",
    ],
  ],
  "Somebody talks you into entering their device code": [
    [
      "A code is made only at your request and shown in one answer, beside a warning. It is shown again only if the host has given up that answer.",
      "process/login-device: a device code is shown once, polled in the background and signs in (… entry)",
      "process/login-device: the code is told again to a call after one that the host's time-out ended",
      "auth/sign-in/device-flow: neither the code nor anything else of the login stands in the log",
    ],
  ],
  "A model switches you to a paid key": [
    [
      "A yes counts once, within ten minutes of an explanation of the same method and account in the same process. The tool is marked as destructive. The ChatGPT login is set aside, not ended.",
      "mcp/tools/codex-login-choice: a yes in the first call explains and changes nothing",
      "mcp/tools/codex-login-choice: a yes counts once, within ten minutes, after an explanation of the same method in this process",
      "mcp/tools/codex-login-choice: a yes to another account than the one explained does not count",
      "mcp/tools/codex-login-choice: the tool says that it can be destructive",
      "mcp/tools/codex-login-choice: choosing a key sets the ChatGPT login aside, and chatgpt takes it up again without a sign-in",
    ],
    [
      "The key comes from the environment alone, is stored nowhere, and alone in the environment changes nothing.",
      "contract/promises: the API key is read from the environment only, and is no argument and no part of the file",
      "process/modes: in the environment alone changes nothing: the ChatGPT login answers",
    ],
  ],
  "The official client's login is damaged": [
    [
      "Its file is never written and its refresh token never used. A login file of codex-oauth that is the same file, by path, link or hard link, answers `CONFIG`.",
      "auth/session/official-login: the official client's login file is refused by …",
      "auth/codex-cli: the file is read anew for every question, and nothing is ever written or refreshed there",
      "contract/promises: the official client's folder is looked into at one place, and only to read its login",
    ],
  ],
  "A token appears in an answer, an error or a log": [
    [
      "Known secrets are masked in each output: whole or in pieces of twelve characters, in any capitals, in base64 and percent-encoded. Foreign error texts are quoted masked and shortened.",
      "shared/redactor-pieces: shows no piece of twelve characters, wherever it is cut and whatever stands around it",
      "shared/redactor: are masked in other capitals, in base64 and in a percent-encoding of it, wherever they begin",
      "process/redaction: a service that quotes what it was sent gives no piece of it away, wherever the quote is cut",
      "process/redaction: the debug log tells everything but the secrets, in a file of one's own",
      "process/modes: that is wrong is told without a character of it, wherever the service shows one",
    ],
    [
      "No token is in a process's arguments or in the name or content of a claim.",
      "process/redaction: neither the process's arguments nor the status show a piece of a token",
      "auth/session/refresh-start: the process that is started gets a fingerprint and the urgency, and no token",
      "auth/session/refresh-meets-change: a claim holds no token, and says what was sent",
    ],
    [
      "A proxy's credentials go to the proxy alone, and the proxy sees a tunnel.",
      "process/surroundings: a proxy sees a tunnel and nothing of the login, and its password stays ours",
    ],
  ],
  "Questions and answers stay on the disk": [
    [
      "They are stored nowhere, except an answer of more than 450,000 characters: a private file, for a week.",
      "process/privacy: a question and its answer are stored nowhere, not even in the debug log",
      "query/long-answers: of a longer one the first whole lines are handed on, and all of it lies in a private file",
    ],
  ],
  "An answer is more than an answer": [
    [
      "It is passed on as text between two lines of the tool, without escape sequences, with controls of the direction marked.",
      "render/reply: an answer that speaks as the tool does is still framed as an answer",
      "render/reply: a control of the direction in an answer is marked",
      "process/query: what an answer holds cannot break the protocol or the reader's terminal",
      "process/hostile-list: no escape sequence of a model list comes into a tool's result",
    ],
  ],
  "Endless or huge input": [
    [
      "Lines, events, answers, bodies, time and concurrency have bounds.",
      "process/query-failures: streams without end are cut at their bounds, whatever they are made of",
      "auth/session/refresh-answers: a body without end is cut off early",
      "mcp/stdio-transport: refuses a message beyond the limit without keeping it, and takes one of exactly the limit",
      "process/query-load: a hundred questions at once: 32 go out, the others wait and say so, none is mixed up",
    ],
  ],
  "A process or a port stays behind": [
    [
      "The server ends with its host, and a listener with its sign-in.",
      "process/life: the server ends by itself when stdin ends, and says so with exit code 0",
      "claude/life: a host that is killed while a question runs leaves no process",
      "auth/sign-in/browser-flow-end: a cancelled login frees its port at once and refuses the callback",
    ],
  ],
  "A sign-out is undone": [
    [
      "The login is revoked, and removed whatever the server answers. A refresh elsewhere does not bring it back, and its tokens are revoked.",
      "auth/session/sign-out: …: the login is removed all the same",
      "auth/session/sign-out: the end of the program removes the login at once, though the server never answers",
      "process/refresh-interrupted: a login cleared in one window stays cleared when another's refresh comes home",
      "auth/session/token-refresher: leaves a … during its retries alone; the granted tokens are revoked: …",
    ],
  ],
  "Another user plants code or a log": [
    [
      "A build or compiled code that another user could have written is not run. Compiled code must also be labelled as made from the build beside it; the label is no signature.",
      "process/launcher: there, what another user has put into a build's place is never run",
      "process/compiled-code: is not run: …",
      "process/compiled-code: is not run: another user's file, or folder",
      "process/compiled-code: the compiled code of an earlier build is never run, nor damaged code",
    ],
    [
      "An existing state folder keeps its rights. The debug log is not written through a link or into another user's file.",
      "process/state-folder: keeps its rights when … names it; a folder in it has the files",
      "platform/log: … gets no line, and its rights stay",
      "platform/log: another user's file gets no line, and its rights stay",
    ],
  ],
  "A dependency turns bad": [
    [
      "npm's package needs no other one and runs no script. The release is built and published in separate jobs, with every action by its commit.",
      "process/package: its manifest needs no other package, runs no script and is not private",
      "contract/workflows: … takes every action by its commit, with its version beside it",
      "contract/workflows: only the job that publishes may prove its identity, and it may do nothing else",
    ],
    [
      "The builder and the keyring's package are not taken from a folder above the program.",
      "process/launcher: the builder of a folder above is not run",
      "platform/keyring: no package of a folder above runs, nor one of another program",
    ],
  ],
};

/** The rows of SECURITY.md's table. */
export function claimRows(claims: SecurityClaims): string[][] {
  return Object.entries(claims).flatMap(([threat, entries]) =>
    entries.map(([claim, ...tests], n) => [n === 0 ? threat : "", claim, tests.map(shown).join("<br>")]),
  );
}

/** What is wrong with the claims: tests that are not in their file below `root`, claims without a test. */
export function unheldClaims(claims: SecurityClaims, root: string): string[] {
  return Object.values(claims).flatMap((entries) =>
    entries.flatMap(([claim, ...tests]) =>
      tests.length === 0
        ? [`no test holds: ${claim}`]
        : tests.filter((test) => !exists(test, root)).map((test) => `there is no such test: ${shown(test)}`),
    ),
  );
}

function exists(test: string, root: string): boolean {
  const { file, title } = partsOf(test);
  const path = join(root, file);
  return existsSync(path) && titlesIn(readFileSync(path, "utf8")).has(title);
}

/** The titles of tests in a source text; placeholders of templates and of `test.each` become `…`. */
function titlesIn(text: string): Set<string> {
  const calls = text.matchAll(/(?:\btest|\))\(\s*(["`])((?:\\.|(?!\1).)*)\1/gs);
  return new Set([...calls].map(([, , title = ""]) => title.replace(/\$\{[^}]*\}|%[sdijo]/g, "…")));
}

function partsOf(test: string): { file: string; title: string } {
  const [name = "", ...title] = test.split(": ");
  return { file: `test/${name}.test.ts`, title: title.join(": ") };
}

function shown(test: string): string {
  const { file, title } = partsOf(test);
  return `\`${file}\`: ${title}`;
}
