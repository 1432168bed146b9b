import type { CodexErrorCode } from "../shared/errors.ts";

/** The exit codes; DEPLOYMENT.md's table and `--help` are generated from this object. */
export const exitCodes = {
  ok: { code: 0, meaning: "It worked; also when the reader of the output has gone (`| head`)." },
  failed: { code: 1, meaning: "It failed, or doctor found a cause." },
  usage: { code: 2, meaning: "The command line is wrong." },
  login: { code: 3, meaning: "`AUTH_REQUIRED` or `AUTH_EXPIRED`; also status when nobody is signed in." },
  quota: { code: 4, meaning: "`USAGE_LIMIT`: the quota is used up." },
  interrupted: { code: 130, meaning: "Interrupted by Ctrl-C or a signal." },
} as const satisfies Record<string, { code: number; meaning: string }>;

/** The exit code for an error. */
export function exitCodeOf(code: CodexErrorCode): number {
  switch (code) {
    case "AUTH_REQUIRED":
    case "AUTH_EXPIRED":
      return exitCodes.login.code;
    case "USAGE_LIMIT":
      return exitCodes.quota.code;
    default:
      return exitCodes.failed.code;
  }
}
