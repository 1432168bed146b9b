/** Headers by their lower-case names. */
export type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** The first value of a header. */
export function firstValue(headers: HeaderBag, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Headers that an event has as JSON, in any case; drops values that are neither string nor number. */
export function toHeaderBag(json: unknown): HeaderBag {
  if (typeof json !== "object" || json === null) return {};
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, given]: [string, unknown]) => {
      const value: unknown = Array.isArray(given) ? given[0] : given;
      const isValue = typeof value === "string" || typeof value === "number";
      return isValue ? [[name.toLowerCase(), String(value)]] : [];
    }),
  );
}
