import { PostingError } from "../errors.ts";
import type { Ledger, OutcomeInput } from "../ports.ts";
import type { Cause, Outcome } from "../terms.ts";

/** Waits between tries, in milliseconds: 15.5 s in all, since the lease is running and other clients wait. */
const waitsMs = [500, 1000, 2000, 4000, 8000] as const;

export interface StorePorts {
  ledger: Pick<Ledger, "recordOutcome">;
  sleep(milliseconds: number): Promise<void>;
}

/**
 * Writes the outcome, again and again for a while: what X has done must not be lost for one dropped connection. The
 * ledger takes the same outcome twice without harm. Whatever fails, nothing is thrown: the send has happened.
 */
export async function storeOutcome(
  outcome: OutcomeInput,
  { ledger, sleep }: StorePorts,
): Promise<"stored" | "fence-lost" | "failed"> {
  for (const waitMs of [...waitsMs, undefined]) {
    try {
      return (await ledger.recordOutcome(outcome)) ? "stored" : "fence-lost";
    } catch (error) {
      // What the ledger refuses it refuses again; only one that does not answer is asked again.
      const isGone = error instanceof PostingError && error.kind === "unavailable";
      if (!isGone) return "failed";
      if (waitMs !== undefined) await sleep(waitMs);
    }
  }
  return "failed";
}

interface Unstored {
  outcome: Outcome;
  reason?: string;
  cause?: Cause;
  postId?: string;
  /** True when the text may have left. */
  sent: boolean;
}

/**
 * What a run says of a slot whose outcome is not in the ledger, where the slot is neither ended nor posted: a later tick
 * settles what may have left, and takes up what has not.
 */
export function reportUnstored(
  stored: "failed" | "fence-lost",
  { outcome, reason, cause, postId, sent }: Unstored,
): { outcome: Outcome; cause?: Cause; reason: string } {
  const why = stored === "failed" ? "the ledger did not take the outcome" : "another run took this slot meanwhile";
  const said = { reason: `${why}; it was: ${[outcome, postId ?? reason].filter(Boolean).join(", ")}` };
  if (sent) return { ...said, outcome: "unknown", cause: "outcome-unknown" };
  if (outcome === "deferred" || outcome === "unknown") return { ...said, outcome, ...(cause && { cause }) };
  return { ...said, outcome: "deferred", cause: stored === "failed" ? "unavailable" : "fence-lost" };
}
