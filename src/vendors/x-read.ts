import { PostingError } from "../errors.ts";
import type { SendResult } from "../ports.ts";
import { type Arrival, classifySend, describe, field, problemOf } from "./x-classify.ts";
import { fullOnes, latestReset } from "./x-windows.ts";

/** The body of a read that X answered well. X charges for what it answers well, also where that answer is lost: "outcome-unknown". */
export function readBody(arrival: Arrival, what: string, now: Date): unknown {
  if (arrival.kind === "answer" && arrival.status < 400) return arrival.body;
  const result = classifySend(arrival, now);
  switch (result.kind) {
    case "rate-limited": {
      // Only this client waits after a read, so the longest of the full windows counts.
      const latest = latestReset(fullOnes(result.windows)) ?? result.until;
      const retryAt = latest > result.until ? latest : result.until;
      throw new PostingError("rate-limited", `X lets no more requests for ${what} through`, { retryAt });
    }
    case "out-of-credit":
      throw new PostingError("out-of-credit", result.reason);
    case "rejected":
      throw refused(result);
    case "unsent":
    case "blocked":
      throw new PostingError("unavailable", result.reason);
    case "created":
      throw new PostingError("outcome-unknown", `X sent a cut answer for ${what}`);
    case "unknown":
      throw new PostingError(isRefused(arrival) ? "rejected" : "outcome-unknown", result.reason);
    default:
      throw new PostingError("unavailable", `X gave no usable answer for ${what}`);
  }
}

function refused({ concerns, reason }: Extract<SendResult, { kind: "rejected" }>): PostingError {
  if (concerns === "content" || concerns === "unnamed") return new PostingError("rejected", reason);
  return new PostingError("config", reason, { concerns: concerns === "app" ? concerns : undefined });
}

/** A send with such an answer may have been carried out; a read is free whatever was done for it. */
function isRefused(arrival: Arrival): boolean {
  return arrival.kind !== "none" && arrival.status >= 400 && arrival.status < 500;
}

/**
 * A good status whose body lacks what was asked for. One with nothing but `errors` is X's word about this account, suspended for
 * example, and free: X charges for what it returns.
 */
export function unusable(body: unknown, what: string): PostingError {
  const errors = field(body, "errors");
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const problem = problemOf({ kind: "answer", status: 200, headers: {}, body: first });
  const isRefused = first !== undefined && field(body, "data") === undefined;
  return new PostingError(isRefused ? "rejected" : "outcome-unknown", `${what}: ${describe(200, problem)}`);
}
