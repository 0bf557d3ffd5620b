/**
 * The most that the file of a report holds, for who writes it and who reads it: one figure or sentence beyond it would cost
 * the summary a whole shard.
 */
export const reportLimits = {
  notes: 100,
  noteLength: 2000,
  textLength: 100_000,
  /** Of tokens, dollars and seconds. */
  amount: 1e9,
} as const;
