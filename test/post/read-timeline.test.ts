import { expect, test } from "vitest";
import type { TimelinePage } from "../../src/ports.ts";
import { openPaidReads } from "../../src/post/paid-reads.ts";
import { readTimeline } from "../../src/post/read-timeline.ts";
import { acme, noon, openX } from "../contracts/x-fixture.ts";
import { openLedgerDouble } from "./ledger-double.ts";
import { limits } from "./publish-scene.ts";

const prices = { x: { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 } };

function openReads() {
  const ledger = openLedgerDouble();
  const slot = { slot: "acme/2026-11-21T13:00", fence: 1, client: { limits }, keepUsd: 0.015 };
  return { ledger, reads: openPaidReads(slot, { ledger, global: limits, clock: () => noon }) };
}

async function accountWith(posts: number) {
  const { account, clock, x } = await openX();
  for (let number = 0; number < posts; number += 1) {
    clock.advance(10);
    await account.send({ text: `post ${number}`, madeWithAi: false });
  }
  return { account, x };
}

const named = (wanted: string) => (posts: TimelinePage["posts"]) => posts.find(({ text }) => text === wanted);

test.for([
  { what: "the newest", wanted: "post 12", pages: 1, costUsd: 0.025 },
  { what: "the oldest", wanted: "post 0", pages: 3, costUsd: 0.065 },
  { what: "none", wanted: "post 13", pages: 3, costUsd: 0.065 },
])(
  "of 13 posts $what is found in $pages pages, each counted before it is asked for",
  async ({ wanted, pages, costUsd }) => {
    const { account, x } = await accountWith(13);
    const { ledger, reads } = openReads();
    const read = await readTimeline(
      { xUserId: acme.xUserId, since: noon, find: named(wanted) },
      { reads, account, prices },
    );
    expect(read).toEqual({ found: wanted === "post 13" ? undefined : expect.objectContaining({ text: wanted }) });
    expect(x.requests("GET", "/2/users/1001/tweets")).toBe(pages);
    expect(ledger.counted.map(({ usd, keepUsd }) => [usd, keepUsd])).toEqual(
      Array.from({ length: pages }, () => [0.025, 0.015]),
    );
    expect(reads.costUsd()).toBeCloseTo(costUsd);
    expect(reads.uncountedUsd()).toBeCloseTo(costUsd - pages * 0.025);
  },
);

test("a timeline without an end is no timeline", async () => {
  const post = { id: "1", text: "a", createdAt: noon };
  const account = { postsSince: async () => ({ posts: [post], next: "7" }) };
  const { reads } = openReads();
  const find = () => undefined;
  const read = await readTimeline({ xUserId: acme.xUserId, since: noon, find }, { reads, account, prices });
  expect(read).toMatchObject({
    failed: {
      outcome: "deferred",
      reason: expect.stringContaining("more than 100 posts"),
      // Each page was paid for, so it is not read again at once.
      strikes: [{ scope: "client", cause: "unread" }],
    },
  });
});
