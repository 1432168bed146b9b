import { createParser } from "eventsource-parser";
import { CodexError } from "../shared/errors.ts";

/**
 * Creates a parser of server-sent events. `push` takes chunks cut anywhere, `end` finishes; `onData` gets the data of
 * each event, but no comments.
 *
 * @throws CodexError `PROTOCOL` from `push` if an event exceeds `maxChars`
 */
export function createEventReader(
  onData: (data: string) => void,
  maxChars: number,
): { push(bytes: Uint8Array): void; end(): void } {
  const decoder = new TextDecoder("utf-8"); // removes a byte order mark
  let tooLarge = false;
  let events: string[] = [];
  const parser = createParser({
    maxBufferSize: maxChars,
    onEvent: ({ data }) => {
      events.push(data);
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") tooLarge = true;
    },
  });
  const feed = (text: string): void => {
    if (text === "") return;
    parser.feed(text);
    // After the parser's loop, not inside it: V8 would inline all the handling there.
    const parsed = events;
    events = [];
    for (const data of parsed) onData(data);
    if (tooLarge) throw new CodexError("PROTOCOL", "The service sent a single event that is far too large.");
  };
  return {
    push: (bytes) => {
      feed(decoder.decode(bytes, { stream: true }));
    },
    end: () => {
      feed(decoder.decode());
      // Flushes a CR that the parser buffers as half of a CRLF, and ends an event without its blank line. JSON parsing
      // detects truncated data.
      feed("\n\n");
    },
  };
}
