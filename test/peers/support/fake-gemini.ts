import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request of the Gemini API, as far as a script looks at it. */
export interface GeminiRequest {
  contents?: { parts?: { functionResponse?: { name: string; response: unknown } }[] }[];
  tools?: { functionDeclarations?: { name: string; description: string }[] }[];
}

/** The tools that the model was offered. */
export const offered = ({ tools = [] }: GeminiRequest) =>
  tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations);

/** What came back from the tools so far. */
export const answered = ({ contents = [] }: GeminiRequest) =>
  contents.flatMap(({ parts = [] }) => parts.flatMap((part) => part.functionResponse ?? []));

/** The Gemini API for a host of others: one call of the tool, then the end. */
export async function fakeGemini(tool: string, args: object): Promise<{ baseUrl: string; requests: GeminiRequest[] }> {
  const requests: GeminiRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (!request.url?.includes(":streamGenerateContent")) {
        response.writeHead(404).end();
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as GeminiRequest;
      requests.push(body);
      const part = answered(body).length > 0 ? { text: "done" } : { functionCall: { name: tool, args } };
      const event = {
        candidates: [{ content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`data: ${JSON.stringify(event)}\n\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, requests };
}
