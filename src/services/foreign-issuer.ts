import type { Config } from "../config.ts";
import { defaultIssuer } from "../wire/constants.ts";

/** The issuer's host when it is not OpenAI's own server, which a person must not miss. */
export function foreignIssuer({ issuer }: Pick<Config, "issuer">): string | undefined {
  return issuer === defaultIssuer ? undefined : new URL(issuer).host;
}
