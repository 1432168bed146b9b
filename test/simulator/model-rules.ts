import { errorBody, modelNotFoundBody, modelNotSupportedBody, newerVersionBody } from "./bodies.ts";
import type { SimModel } from "./models.ts";
import type { PlainReply } from "./reply.ts";
import type { ResponsesBody } from "./responses-body.ts";
import type { RecordedRequest, SimAccount, SimSwitches } from "./types.ts";
import { isAtLeast } from "./versions.ts";

/** Whether this account and this client version may use the model, and with this effort. */
export function modelProblem(
  switches: SimSwitches,
  request: RecordedRequest,
  body: ResponsesBody,
  account: SimAccount,
): PlainReply | undefined {
  const { model: slug } = body;
  const model = switches.models.find((one) => one.slug === slug);
  if (
    model === undefined ||
    switches.disallowedModels.includes(slug) ||
    model.available_in_plans?.includes(account.plan) === false
  ) {
    return refuse(400, modelNotSupportedBody(slug));
  }
  return versionProblem(switches, request, model) ?? effortProblem(model, body);
}

/** A gated model with an old version, or none, is refused in one of three ways (docs/wire.md). */
function versionProblem(switches: SimSwitches, request: RecordedRequest, model: SimModel): PlainReply | undefined {
  const minimum = switches.minimumVersions[model.slug] ?? model.minimal_client_version;
  if (minimum === undefined || isAtLeast(request.headers["version"], minimum)) return undefined;
  switch (switches.versionGateStyle) {
    case "not-supported":
      return refuse(400, modelNotSupportedBody(model.slug));
    case "requires-newer":
      return refuse(400, newerVersionBody(model.slug));
    case "not-found":
      return refuse(404, modelNotFoundBody(model.slug));
  }
}

/** `ultra` is listed, but it is a mode of the client: the wire never takes it. */
function effortProblem(model: SimModel, body: ResponsesBody): PlainReply | undefined {
  const effort = body.reasoning?.effort;
  if (effort === undefined) return undefined;
  const allowed = model.supported_reasoning_levels.map((level) => level.effort).filter((name) => name !== "ultra");
  if (typeof effort === "string" && allowed.includes(effort)) return undefined;
  const list = allowed.map((name) => `'${name}'`).join(", ");
  const message = `Unsupported value: ${JSON.stringify(effort)} is not supported with the '${model.slug}' model. Supported values are: ${list}.`;
  return refuse(400, errorBody({ message, param: "reasoning.effort", code: "invalid_value" }));
}

function refuse(status: number, body: unknown): PlainReply {
  return { kind: "json", status, body };
}
