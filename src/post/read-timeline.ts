import type { TimelinePost, XAccount } from "../ports.ts";
import type { Prices } from "../terms.ts";
import { timelinePageSize } from "../timeline.ts";
import type { AfterSend } from "./outcome.ts";
import type { PaidReads } from "./paid-reads.ts";
import { unsettledStrike } from "./strikes.ts";

/** An account with more posts since a send is not one that this project serves. */
const maxPages = 20;

export interface TimelineRead {
  xUserId: string;
  since: Date;
  find(posts: readonly TimelinePost[]): TimelinePost | undefined;
}

/** The post, or undefined when the account's posts since then were read to the end: a part of them proves no absence. */
export async function readTimeline(
  { xUserId, since, find }: TimelineRead,
  { reads, account, prices }: { reads: PaidReads; account: Pick<XAccount, "postsSince">; prices: Pick<Prices, "x"> },
): Promise<{ found: TimelinePost | undefined } | { failed: AfterSend }> {
  const { readPostUsd } = prices.x;
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const read = await reads.read({
      atMostUsd: timelinePageSize * readPostUsd,
      ask: () => account.postsSince({ xUserId, since, ...(after !== undefined && { after }) }),
      usd: ({ posts }) => posts.length * readPostUsd,
    });
    if ("failed" in read) return read;
    const { posts, next } = read.answer;
    const found = find(posts);
    if (found !== undefined || next === undefined) return { found };
    after = next;
  }
  const reason = `the account has more than ${maxPages * timelinePageSize} posts since the send`;
  // All these pages were paid for.
  const strikes = [unsettledStrike(reason)];
  return { failed: { outcome: "deferred", reason, cause: "unavailable", strikes, xCharged: false } };
}
