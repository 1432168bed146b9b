import { errorBody } from "./bodies.ts";
import type { PlainReply } from "./reply.ts";
import { offeredFunctions, type InputItem, type ResponsesBody } from "./responses-body.ts";

/** What tools, calls and their outputs must look like, and how they belong together. */
export function toolProblem(body: ResponsesBody): PlainReply | undefined {
  const [first] = body.input;
  return (
    listProblem(body.tools, "tools") ??
    (first?.type === "additional_tools" ? listProblem(first.tools, "input[0].tools") : undefined) ??
    choiceProblem(body) ??
    pairProblem(body.input)
  );
}

function listProblem(tools: unknown, param: string): PlainReply | undefined {
  if (tools === undefined) return undefined;
  if (!Array.isArray(tools)) return invalid(param, "Tools must be a list");
  for (const [n, tool] of (tools as unknown[]).entries()) {
    const problem = oneProblem(tool, `${param}[${String(n)}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function oneProblem(value: unknown, param: string): PlainReply | undefined {
  if (typeof value !== "object" || value === null) return invalid(param, "Tool must be an object");
  const tool = value as Record<string, unknown>;
  if (tool["type"] === "web_search" || tool["type"] === "custom") return undefined;
  if (tool["type"] === "namespace" && param.startsWith("input")) {
    if (typeof tool["name"] !== "string") return invalid(`${param}.name`, "Name is missing");
    return listProblem(tool["tools"], `${param}.tools`);
  }
  if (tool["type"] !== "function") return invalid(`${param}.type`, "Unknown tool type");
  if (!/^[\w-]{1,64}$/.test(String(tool["name"]))) return invalid(`${param}.name`, "Unusable name");
  if (typeof tool["parameters"] !== "object" || tool["parameters"] === null) {
    return invalid(`${param}.parameters`, "Parameters must be an object");
  }
  if (typeof tool["strict"] !== "boolean") return invalid(`${param}.strict`, "Strict is missing");
  return undefined;
}

function choiceProblem(body: ResponsesBody): PlainReply | undefined {
  const choice = body.tool_choice;
  if (choice === undefined || choice === "auto" || choice === "none") return undefined;
  const { type, name } = (typeof choice === "object" ? choice : {}) as Record<string, unknown>;
  const top = body.tools === undefined ? [] : offeredFunctions({ ...body, input: [] });
  if (choice === "required" && top.length > 0) return undefined;
  if (type === "function" && top.includes(String(name))) return undefined;
  const wanted = typeof name === "string" ? name : JSON.stringify(choice);
  return invalid("tool_choice", `Tool choice '${wanted}' not found in 'tools' parameter.`);
}

function pairProblem(items: InputItem[]): PlainReply | undefined {
  const open = new Set<string>();
  for (const [n, item] of items.entries()) {
    const param = `input[${String(n)}]`;
    if (item.type !== "function_call" && item.type !== "function_call_output") continue;
    const id = item.call_id;
    if (typeof id !== "string" || id === "") return invalid(`${param}.call_id`, "Call id is missing");
    if (item.type === "function_call") {
      if (typeof item.name !== "string" || typeof item.arguments !== "string") {
        return invalid(param, "Name and arguments must be strings");
      }
      open.add(id);
    } else {
      if (typeof item.output !== "string") return invalid(`${param}.output`, "Output must be text");
      if (!open.delete(id)) {
        return invalid("input", `No tool call found for function call output with call_id ${id}.`);
      }
    }
  }
  const [unanswered] = open;
  return unanswered === undefined
    ? undefined
    : invalid("input", `No tool output found for function call ${unanswered}.`);
}

function invalid(param: string, message: string): PlainReply {
  return { kind: "json", status: 400, body: errorBody({ message, param, code: "invalid_value" }) };
}
