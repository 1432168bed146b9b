/**
 * How long to wait before attempt `attempt` (1 for the first repetition): what the service asked
 * for, else exponential with up to half of jitter, so that many windows do not come back together.
 *
 * @param random a number in [0, 1)
 */
export function retryDelayMs(
  attempt: number,
  retryAfterMs: number | undefined,
  baseDelayMs: number,
  random: number,
): number {
  const exponential = baseDelayMs * 2 ** (attempt - 1);
  const jitter = exponential * 0.5 * random;
  return Math.round((retryAfterMs ?? exponential) + jitter);
}
