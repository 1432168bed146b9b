/** The kinds of credential whose login or key is not in the auth file; a user chooses them by these names. */
export const externalKinds = ["codex-cli", "api-key"] as const;

/** Every kind of credential. In the auth file, `--json` and the library's types its key is `mode`. */
export const credentialKinds = ["chatgpt", ...externalKinds] as const;

export type CredentialKind = (typeof credentialKinds)[number];
export type ExternalKind = (typeof externalKinds)[number];

/** The kinds that `CODEX_AUTH` can select. */
export const settableKinds = ["chatgpt", "api-key"] as const satisfies readonly CredentialKind[];
export type SettableKind = (typeof settableKinds)[number];

export function isExternalKind(value: string): value is ExternalKind {
  return (externalKinds as readonly string[]).includes(value);
}

export function isCredentialKind(value: string): value is CredentialKind {
  return (credentialKinds as readonly string[]).includes(value);
}

export function isSettableKind(value: string): value is SettableKind {
  return (settableKinds as readonly string[]).includes(value);
}
