/** What Claude Code sends to a model, as far as the tests look at it. */
export interface ModelRequest {
  model: string;
  system: unknown;
  tools: ToolDefinition[];
  messages: { role: string; content: string | Block[] }[];
}

export interface ToolDefinition {
  name: string;
  description?: string;
  input_schema?: unknown;
  defer_loading?: boolean;
}

export interface Block {
  type: string;
  text?: string;
  tool_use_id?: string;
  is_error?: boolean;
  content?: string | Block[];
}

/** What the model says next: words, or calls of tools, or both. */
export interface Turn {
  text?: string;
  calls?: { name: string; input: object }[];
}

/** A result of a tool as the model was shown it. */
export interface ToolResult {
  id: string;
  text: string;
  isError: boolean;
}

const blocksOf = (content: string | Block[] | undefined): Block[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);

const textOf = (content: string | Block[] | undefined): string =>
  blocksOf(content)
    .flatMap(({ text }) => (text === undefined ? [] : [text]))
    .join("\n");

/** All results in a request, oldest first. */
export function toolResults({ messages }: ModelRequest): ToolResult[] {
  return messages.flatMap(({ content }) =>
    blocksOf(content)
      .filter(({ type }) => type === "tool_result")
      .map((block) => ({
        id: block.tool_use_id ?? "",
        text: textOf(block.content),
        isError: block.is_error === true,
      })),
  );
}

/** The newest result; fails where there is none. */
export function lastResult(request: ModelRequest): ToolResult {
  const last = toolResults(request).at(-1);
  if (last === undefined) throw new Error("the model was shown no result of a tool");
  return last;
}

/** Every text of the conversation that is no result of a tool, one after the other. */
export function conversation({ messages }: ModelRequest): string {
  return messages.map(({ content }) => textOf(content)).join("\n");
}

/** The text of the system prompt and of messages of that role. */
export function systemText({ system, messages }: ModelRequest): string {
  const later = messages.filter(({ role }) => role === "system").map(({ content }) => textOf(content));
  return [textOf(system as string | Block[] | undefined), ...later].join("\n");
}

/** The events of one answer, as the Messages API streams them. */
export function turnEvents(turn: Turn, n: number): { type: string }[] {
  const blocks = [
    ...(turn.text === undefined ? [] : [{ type: "text", text: turn.text }]),
    ...(turn.calls ?? []).map(({ name, input }, index) => ({
      type: "tool_use",
      id: `toolu_${String(n).padStart(4, "0")}_${index}`,
      name,
      input,
    })),
  ];
  const usage = { input_tokens: 10, output_tokens: 10 };
  const message = {
    id: `msg_${n}`,
    type: "message",
    role: "assistant",
    model: "claude-scripted",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  return [
    { type: "message_start", message },
    ...blocks.flatMap((block, index) => blockEvents(block, index)),
    {
      type: "message_delta",
      delta: { stop_reason: turn.calls?.length ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 10 },
    },
    { type: "message_stop" },
  ] as { type: string }[];
}

function blockEvents(block: { type: string; text?: string; input?: object }, index: number): object[] {
  const [start, delta] =
    block.text === undefined
      ? [
          { ...block, input: {} },
          { type: "input_json_delta", partial_json: JSON.stringify(block.input) },
        ]
      : [
          { ...block, text: "" },
          { type: "text_delta", text: block.text },
        ];
  return [
    { type: "content_block_start", index, content_block: start },
    { type: "content_block_delta", index, delta },
    { type: "content_block_stop", index },
  ];
}
