import type { StreamEvent } from "./query-events.ts";

/** Where a query puts its events while somebody reads them, slowly perhaps. */
export interface EventSink {
  push(event: StreamEvent): void;
  /** True when so much waits to be read that no more should be brought. */
  readonly full: boolean;
  /** Calls back once, when enough has been read. */
  whenRoom(resume: () => void): void;
}
