/** One line of JSON; what is not known is null, so that every key is always there. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner))}\n`;
}
