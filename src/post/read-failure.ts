import type { PostingError } from "../errors.ts";
import { type AfterSend, afterSend } from "./outcome.ts";
import { unnamedStrike } from "./strikes.ts";

/** What a failed read (users/me, the timeline) means: the rules of a send that certainly had no effect. */
export function afterReadFailure(error: PostingError, now: Date): AfterSend {
  const context = { resend: false };
  const { message: reason } = error;
  switch (error.kind) {
    case "rate-limited": {
      const until = error.retryAt ?? new Date(now.getTime() + 15 * 60_000);
      return afterSend({ kind: "rate-limited", scope: "client", until, windows: [] }, context);
    }
    case "out-of-credit":
      return afterSend({ kind: "out-of-credit", reason, windows: [] }, context);
    case "config":
      return afterSend({ kind: "rejected", concerns: "credential", reason, windows: [] }, context);
    case "unavailable":
    case "outcome-unknown":
      return afterSend({ kind: "unsent", reason, windows: [] }, context);
    default:
      return { outcome: "deferred", reason, cause: "unavailable", strikes: [unnamedStrike(reason)], xCharged: false };
  }
}
