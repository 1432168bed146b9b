import type { Refusal } from "./response-errors.ts";

/** What tells whether a request has reached the service at all. */
type Answer = Pick<Refusal, "status" | "html" | "challenge" | "cloudflare" | "code" | "type">;

/** Why a request is not served on its way here. */
export interface Block {
  message: string;
  /** The next step, where it is another one than that of BLOCKED. */
  next?: string;
}

/**
 * What stands between us and the service, if anything does: a page in its place, or its own word that
 * it is not offered there.
 *
 * @param service for the message: "the service"
 */
export function blockOf(answer: Answer, service: string): Block | undefined {
  if ([answer.code, answer.type].includes("unsupported_country_region_territory")) {
    return {
      message: "The service is not offered where the request comes from.",
      next: "Ask from a country where it is offered; a VPN or proxy may lead through another one. Repeating the call from here will not help.",
    };
  }
  if (!isPageBetween(answer)) return undefined;
  if (answer.challenge || answer.cloudflare === true) {
    return { message: `Cloudflare blocked the request before it reached ${service}.` };
  }
  return {
    message: `A web page came in place of an answer of ${service}: something on the way blocked the request, such as a company's proxy or Cloudflare.`,
  };
}

/** Something answers in the service's place; Cloudflare's own 502 and 504 pages say that the service failed. */
export function isPageBetween({
  status,
  html,
  challenge,
}: Pick<Answer, "status" | "html" | "challenge">): boolean {
  return (challenge && status !== 502 && status !== 504) || (html && status === 403);
}
