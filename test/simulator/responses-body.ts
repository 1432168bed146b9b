/** The parts of a Responses request that the rules look at. Nothing in it is checked yet. */
export interface ResponsesBody {
  model: string;
  instructions?: unknown;
  input: InputItem[];
  stream?: unknown;
  store?: unknown;
  tools?: unknown;
  tool_choice?: unknown;
  parallel_tool_calls?: unknown;
  service_tier?: unknown;
  reasoning?: { effort?: unknown; summary?: unknown; context?: unknown };
  text?: { verbosity?: unknown; format?: unknown };
}

export interface InputItem {
  type?: string;
  role?: string;
  content?: unknown;
  id?: string;
  encrypted_content?: unknown;
  call_id?: unknown;
  name?: unknown;
  arguments?: unknown;
  output?: unknown;
  tools?: unknown;
}

/** A message may leave its type out. */
export function isMessage(item: InputItem | undefined): boolean {
  return item !== undefined && (item.type ?? "message") === "message";
}

/** The text of a message's content: a string, or parts. */
export function textOf(item: InputItem | undefined): string {
  if (typeof item?.content === "string") return item.content;
  if (!Array.isArray(item?.content)) return "";
  return (item.content as { text?: unknown }[])
    .map((part) => (typeof part.text === "string" ? part.text : ""))
    .join("");
}

/** The text of the last user message. */
export function questionOf(body: ResponsesBody): string {
  return textOf(body.input.findLast((item) => isMessage(item) && item.role === "user")).trim();
}

/** The first item that is not a tool list, if it is a developer message that says something. */
export function leadingInstructions(body: ResponsesBody): string {
  const first = body.input.find((item) => item.type !== "additional_tools");
  return isMessage(first) && first?.role === "developer" ? textOf(first).trim() : "";
}

export function wantsReasoningSummary({ reasoning }: ResponsesBody): boolean {
  const summary = reasoning?.summary;
  return typeof summary === "string" && summary !== "none" && reasoning?.effort !== "none";
}

/** The functions that a request offers, at the top or in its list of tools. */
export function offeredFunctions(body: ResponsesBody): string[] {
  const [first] = body.input;
  const lists = [body.tools, first?.type === "additional_tools" ? first.tools : undefined];
  return lists.flatMap(functionsOf);
}

function functionsOf(tools: unknown): string[] {
  if (!Array.isArray(tools)) return [];
  return (tools as { type?: unknown; name?: unknown; tools?: unknown }[]).flatMap((tool) =>
    tool.type === "namespace" ? functionsOf(tool.tools) : tool.type === "function" ? [String(tool.name)] : [],
  );
}
