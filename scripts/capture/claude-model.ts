import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface Block {
  type: string;
  [name: string]: unknown;
}

interface Asked {
  tools?: unknown[];
  messages?: { content: string | Block[] }[];
}

/**
 * A stand-in of Anthropic's Messages API on loopback that calls one tool, and then hands its
 * result on word for word.
 */
export async function startScriptedModel(tool: string, input: object): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const asked = JSON.parse(body === "" ? "{}" : body) as Asked;
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of eventsOf(nextBlock(asked, tool, input))) {
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Requests without tools are the host's own affairs: a title, a summary. */
function nextBlock({ tools = [], messages = [] }: Asked, tool: string, input: object): Block {
  if (tools.length === 0) return { type: "text", text: "Codex" };
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const result = blocks.findLast(({ type }) => type === "tool_result");
  if (result === undefined) return { type: "tool_use", id: "toolu_1", name: tool, input };
  const parts = result["content"] as Block[];
  return { type: "text", text: parts.map((part) => String(part["text"])).join("\n") };
}

function eventsOf(block: Block): { type: string }[] {
  const usage = { input_tokens: 10, output_tokens: 10 };
  const stop_reason = block.type === "text" ? "end_turn" : "tool_use";
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude", usage };
  const [start, delta] =
    block.type === "text"
      ? [
          { ...block, text: "" },
          { type: "text_delta", text: block["text"] },
        ]
      : [
          { ...block, input: {} },
          { type: "input_json_delta", partial_json: JSON.stringify(block["input"]) },
        ];
  return [
    { type: "message_start", message: { ...message, content: [] } },
    { type: "content_block_start", index: 0, content_block: start },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason }, usage },
    { type: "message_stop" },
  ] as { type: string }[];
}
