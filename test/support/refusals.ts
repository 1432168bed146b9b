import type { ApiErrorInfo } from "../../src/api/api-error.ts";

/** A refusal with these facts and no others. */
export function refusal(facts: Partial<ApiErrorInfo>): ApiErrorInfo {
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
