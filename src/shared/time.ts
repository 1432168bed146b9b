const second = 1_000;
export const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Formats an instant for people: only the time if it is today, else with weekday and date. */
export function localTime(at: number, now: number, timeZone: string): string {
  const format = formatFor(timeZone);
  const parts = (ms: number): Record<string, string> =>
    Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const then = parts(at);
  const today = parts(now);
  const time = `${then["hour"] ?? ""}:${then["minute"] ?? ""}`;
  if (["day", "month", "year"].every((part) => then[part] === today[part])) return time;
  return `${then["weekday"] ?? ""} ${then["day"] ?? ""} ${then["month"] ?? ""} ${time}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Cached, because creating a format costs far more than using it. */
function formatFor(timeZone: string): Intl.DateTimeFormat {
  const cached = formats.get(timeZone);
  if (cached !== undefined) return cached;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formats.set(timeZone, format);
  return format;
}

/** Formats a duration, rounded up so that a wait is never too short: "45 s", "12 min", "3 h 20 min", "9 d". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / second));
  if (seconds * second < minute) return `${seconds} s`;
  const minutes = Math.ceil(ms / minute);
  if (minutes * minute < hour) return `${minutes} min`;
  if (minutes * minute < 2 * day)
    return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
  return `${Math.ceil(ms / day)} d`;
}
