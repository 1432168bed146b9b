import * as z from "zod";
import { isLoopback } from "../shared/loopback.ts";

/** The service's value for "no origin and no override". */
const noConstraint = "NO_CONSTRAINT";

/** Values that the official client knows; it refuses every other one (docs/wire.md §8). */
const overrides = [noConstraint, "us", "us_cr"] as const;

/** The origin and the routing override that the service names for a workspace. */
export interface WorkspaceRouting {
  origin: string;
  override: (typeof overrides)[number];
}

/** Plans whose workspaces can have an origin of their own; personal plans and teams can't. */
const routedPlans: ReadonlySet<string> = new Set([
  "business",
  "self_serve_business_usage_based",
  "enterprise",
  "enterprise_cbp_usage_based",
  "hc",
  "edu",
  "education",
]);

export function isRoutedPlan(plan: string | undefined): boolean {
  return plan !== undefined && routedPlans.has(plan.toLowerCase());
}

const idOnly = z.object({ id: z.string().optional(), account_id: z.string().optional() });
const account = idOnly.extend({
  workspace_backend_origin: z.string().min(1).max(300),
  account_routing_override: z.enum(overrides),
});
const nested = z.object({ account: z.unknown() });
const body = z.object({ accounts: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]) });

/** The routing of one account in the service's answer; undefined if there is none in the known form. */
export function routingOf(json: unknown, accountId: string): WorkspaceRouting | undefined {
  const accounts = body.safeParse(json).data?.accounts ?? [];
  const entry = Array.isArray(accounts)
    ? accounts.find((one) => {
        const { data } = idOnly.safeParse(one);
        return (data?.id ?? data?.account_id) === accountId;
      })
    : Object.hasOwn(accounts, accountId)
      ? (nested.safeParse(accounts[accountId]).data?.account ?? accounts[accountId])
      : undefined;
  const { data } = account.safeParse(entry);
  return data && { origin: data.workspace_backend_origin, override: data.account_routing_override };
}

const cachedFields = z.object({ workspaceOrigin: z.string(), routingOverride: z.enum(overrides) });

/** The routing that is stored with a login; undefined if there is none in the known form. */
export function cachedRouting(login: object): WorkspaceRouting | undefined {
  const { data } = cachedFields.safeParse(login);
  return data && { origin: data.workspaceOrigin, override: data.routingOverride };
}

/**
 * The API root at a workspace's origin; undefined if tokens must not go there. Accepted are the standard API's host
 * and its subdomains over https. With an API on this machine, only another port of the same loopback name is
 * accepted, so nothing leaves the machine.
 */
export function acceptedBase(origin: string, baseUrl: string): string | undefined {
  if (origin === noConstraint) return baseUrl;
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  const base = new URL(baseUrl);
  // Only an origin: no path, query, user or trailing dot can hide in it.
  if (url.origin !== origin.toLowerCase() || url.hostname.endsWith(".")) return undefined;
  const accepted = isLoopback(base.hostname)
    ? url.hostname === base.hostname && url.protocol === base.protocol
    : url.protocol === "https:" &&
      url.port === "" &&
      base.hostname === "chatgpt.com" &&
      (url.hostname === "chatgpt.com" || url.hostname.endsWith(".chatgpt.com"));
  return accepted ? `${url.origin}${base.pathname}` : undefined;
}

/** The value of the override's header; undefined if none is sent. */
export function overrideHeader({ override }: WorkspaceRouting): string | undefined {
  return override === noConstraint ? undefined : override;
}

/** False for a configured gateway, which routes requests itself and isn't asked. */
export function mayBeRouted(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "chatgpt.com" || isLoopback(hostname);
}
