import type { Refusal } from "../../src/api/refusal.ts";

/** A refusal with these facts and no others. */
export function refusal(facts: Partial<Refusal>): Refusal {
  return {
    status: 400,
    code: undefined,
    type: undefined,
    message: "",
    param: undefined,
    resetsAt: undefined,
    retryAfterMs: undefined,
    html: false,
    challenge: false,
    requestId: undefined,
    inStream: "status" in facts && facts.status === undefined,
    ...facts,
  };
}
