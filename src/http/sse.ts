import { createParser } from "eventsource-parser";
import { CodexError } from "../shared/errors.ts";

/**
 * A reader of server-sent events: bytes in, cut anywhere, `onData` for each event's data. Comments give no event. Call
 * `end` when the bytes are over.
 *
 * @throws CodexError `PROTOCOL` from `push` when one event passes `maxChars`.
 */
export function createEventReader(
  onData: (data: string) => void,
  maxChars: number,
): { push(bytes: Uint8Array): void; end(): void } {
  const decoder = new TextDecoder("utf-8"); // drops a byte order mark
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
    // After the parser's own loop, not inside it: V8 would compile the whole handling into it.
    const parsed = events;
    events = [];
    for (const data of parsed) onData(data);
    if (tooLarge) {
      throw new CodexError("PROTOCOL", "The service sent a single event that is far too large.");
    }
  };
  return {
    push: (bytes) => {
      feed(decoder.decode(bytes, { stream: true }));
    },
    end: () => {
      feed(decoder.decode());
      // Settles a CR that the parser holds back as half of a CRLF, and closes an event that lacks its blank line:
      // whether its data is whole shows when it is parsed as JSON.
      feed("\n\n");
    },
  };
}
