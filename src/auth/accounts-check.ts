import * as z from "zod";
import { isLoopback } from "../shared/loopback.ts";

/** What the service says where nothing is demanded. */
const noConstraint = "NO_CONSTRAINT";

/** Values that the official client knows; it refuses every other one (docs/wire.md §8). */
const overrides = [noConstraint, "us", "us_cr"] as const;

/** Where and how a workspace wants its requests, as told. */
export interface WorkspaceRouting {
  origin: string;
  override: (typeof overrides)[number];
}

/** Plans of workspaces that may have an origin of their own; personal plans and teams never ask. */
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

const account = z.object({
  id: z.string().optional(),
  account_id: z.string().optional(),
  workspace_backend_origin: z.string().min(1).max(300),
  account_routing_override: z.enum(overrides),
});
const idOnly = z.object({ id: z.string().optional(), account_id: z.string().optional() });
const nested = z.object({ account: z.unknown() });
const body = z.object({
  accounts: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]),
});

/** The entry of one account; undefined when there is none in the known form. */
export function routingOf(json: unknown, accountId: string): WorkspaceRouting | undefined {
  const parsed = body.safeParse(json);
  if (!parsed.success) return undefined;
  const { accounts } = parsed.data;
  const entry = Array.isArray(accounts)
    ? accounts.find((one) => {
        const named = idOnly.safeParse(one);
        return named.success && (named.data.id ?? named.data.account_id) === accountId;
      })
    : Object.hasOwn(accounts, accountId)
      ? (nested.safeParse(accounts[accountId]).data?.account ?? accounts[accountId])
      : undefined;
  const found = account.safeParse(entry);
  if (!found.success) return undefined;
  return {
    origin: found.data.workspace_backend_origin,
    override: found.data.account_routing_override,
  };
}

const stored = z.object({ workspaceOrigin: z.string(), routingOverride: z.enum(overrides) });

/** The answer that was kept with a login; undefined where none was, or not in the known form. */
export function cachedRouting(login: object): WorkspaceRouting | undefined {
  const parsed = stored.safeParse(login);
  if (!parsed.success) return undefined;
  return { origin: parsed.data.workspaceOrigin, override: parsed.data.routingOverride };
}

/**
 * The root to use for a told origin, or undefined when that is not one that tokens may go to: the
 * standard API's host or one below it over https. Where a program on this machine stands in for the
 * API, only another port of the very same loopback name: nothing leaves the machine then.
 */
export function acceptedBase(origin: string, baseUrl: string): string | undefined {
  if (origin === noConstraint) return baseUrl;
  if (!URL.canParse(origin)) return undefined;
  const told = new URL(origin);
  const base = new URL(baseUrl);
  // Only an origin: no path, query, user or trailing dot can hide in it.
  if (told.origin !== origin.toLowerCase() || told.hostname.endsWith(".")) return undefined;
  const accepted = isLoopback(base.hostname)
    ? told.hostname === base.hostname && told.protocol === base.protocol
    : told.protocol === "https:" &&
      told.port === "" &&
      base.hostname === "chatgpt.com" &&
      (told.hostname === "chatgpt.com" || told.hostname.endsWith(".chatgpt.com"));
  return accepted ? `${told.origin}${base.pathname}` : undefined;
}

/** The value of the override's header; undefined where none is wanted. */
export function overrideHeader({ override }: WorkspaceRouting): string | undefined {
  return override === noConstraint ? undefined : override;
}

/** A gateway of one's own decides by itself where its requests go; it is not asked. */
export function mayBeRouted(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "chatgpt.com" || isLoopback(hostname);
}
