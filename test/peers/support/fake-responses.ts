import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An item of the Responses API, of the input as well as of the output. */
export interface Item {
  type: string;
  call_id?: string;
  output?: unknown;
  tools?: { name: string; tools: { name: string }[] }[];
}

/** What the model does next, from all that it was shown so far. */
export type Model = (input: readonly Item[]) => Item & Record<string, unknown>;

/** A model that says this. */
export const says = (text: string): Item & Record<string, unknown> => ({
  type: "message",
  role: "assistant",
  id: "message",
  content: [{ type: "output_text", text }],
});

/**
 * The Responses API for a host of others, as far as such a host needs it: one item a turn.
 *
 * @returns the base URL, and each request's input as it came
 */
export async function fakeResponses(model: Model): Promise<{ baseUrl: string; inputs: Item[][] }> {
  const inputs: Item[][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method !== "POST" || request.url !== "/v1/responses") {
        response.writeHead(404).end();
        return;
      }
      const { input } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { input: Item[] };
      inputs.push(input);
      const id = `response-${inputs.length}`;
      const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of [
        { type: "response.created", response: { id } },
        { type: "response.output_item.done", output_index: 0, item: model(input) },
        { type: "response.completed", response: { id, usage } },
      ]) {
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    inputs,
  };
}
