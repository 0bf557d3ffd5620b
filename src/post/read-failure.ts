import type { PostingError } from "../errors.ts";
import { type AfterSend, afterSend, type SendContext } from "./outcome.ts";
import { unnamedStrike, unreadStrike } from "./strikes.ts";

/** What a failed read (users/me, the timeline) means: the rules of a send that certainly had no effect, where X says what is wrong. */
export function afterReadFailure(error: PostingError, { now, ownApp }: Pick<SendContext, "now" | "ownApp">): AfterSend {
  const context = { resend: false, now, ownApp };
  const { message: reason } = error;
  switch (error.kind) {
    case "rate-limited": {
      const until = error.retryAt ?? new Date(now.getTime() + 15 * 60_000);
      return afterSend({ kind: "rate-limited", scope: "client", until, windows: [] }, context);
    }
    case "out-of-credit":
      return afterSend({ kind: "out-of-credit", reason, windows: [] }, context);
    case "config": {
      const { concerns = "credential" } = error;
      return afterSend({ kind: "rejected", concerns, reason, windows: [] }, context);
    }
    case "unavailable":
    case "outcome-unknown":
      return { ...notRead(reason), strikes: [unreadStrike(reason)], unread: true };
    default:
      return { ...notRead(reason), strikes: [unnamedStrike(reason)] };
  }
}

function notRead(reason: string): AfterSend {
  return { outcome: "deferred", reason, cause: "unavailable", xCharged: false };
}
