import type { QueryProgress, QueryReply, QueryRequest } from "../core/query.ts";
import type { Services } from "../services/services.ts";

export interface Listener {
  signal: AbortSignal;
  /** The answer's text as it comes. */
  onText: (delta: string) => void;
  onProgress: (step: QueryProgress) => void;
}

/**
 * Ask, and hear the answer while it is written.
 *
 * @throws CodexError as `CodexClient.query`
 */
export async function ask(
  client: Services["client"],
  request: QueryRequest,
  { signal, onProgress }: Listener,
): Promise<QueryReply> {
  return client.query(request, { signal, onProgress });
}
