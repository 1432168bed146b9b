/** Headers by their lower-case names. */
export type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** The value of a header, the first one where there are several. */
export function firstValue(headers: HeaderBag, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Headers that an event carries as JSON, in whatever case; what can be no header is left out. */
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
