// The yardstick: one tool on the same SDK, as one would write it in an hour. It asks the same service
// with `undici.request` and checks nothing. Like ours it loads undici at the first question, so that
// the comparison of start-ups is not won by that alone.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const { BARE_URL: url = "", BARE_TOKEN: token = "", BARE_ACCOUNT: account = "" } = process.env;
const progressIntervalMs = 250;

const server = new McpServer({ name: "bare", version: "1.0.0" });

server.registerTool(
  "ask",
  { description: "Ask Codex.", inputSchema: { prompt: z.string().describe("The question.") } },
  async ({ prompt }, { signal, _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken;
    let count = 0;
    let lastAt = 0;
    const tell = async (characters: number): Promise<void> => {
      if (progressToken === undefined || Date.now() - lastAt < progressIntervalMs) return;
      lastAt = Date.now();
      await sendNotification({
        method: "notifications/progress",
        params: { progressToken, progress: ++count, message: `${characters} characters` },
      });
    };
    return { content: [{ type: "text", text: await ask(prompt, signal, tell) }] };
  },
);

async function ask(prompt: string, signal: AbortSignal, tell: (characters: number) => Promise<void>): Promise<string> {
  const { request } = await import("undici");
  const { statusCode, body } = await request(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "chatgpt-account-id": account,
      "content-type": "application/json",
      accept: "text/event-stream",
    },
    body: JSON.stringify({
      model: "gpt-6.1-sol",
      instructions: "Answer first.",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: prompt }] }],
      store: false,
      stream: true,
    }),
    signal,
  });
  if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${await body.text()}`);
  const decoder = new TextDecoder();
  let text = "";
  let rest = "";
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const at = event.indexOf("data: ");
      if (at === -1) continue;
      const data = JSON.parse(event.slice(at + 6)) as { type: string; delta?: string };
      if (data.type !== "response.output_text.delta") continue;
      text += data.delta ?? "";
      await tell(text.length);
    }
  }
  return text;
}

void server.connect(new StdioServerTransport());
