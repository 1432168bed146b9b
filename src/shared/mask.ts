/** Masks `jane.doe@example.com` as `j***@example.com`: enough to distinguish accounts. */
export function maskEmail(email: string | undefined): string | undefined {
  if (email === undefined) return undefined;
  const at = email.lastIndexOf("@");
  return at < 1 ? "***" : `${email.slice(0, 1)}***${email.slice(at)}`;
}

/** The last four characters of an account id. */
export function maskAccountId(accountId: string): string {
  return `…${accountId.slice(-4)}`;
}
