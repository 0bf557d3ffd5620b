import { expect, test } from "vitest";
import type { TimelinePost } from "../../src/ports.ts";
import { findPost, type SettleInput, settleDecision, timelineSince } from "../../src/post/settle.ts";
import type { Draft } from "../../src/terms.ts";

const armedAt = new Date("2026-11-21T12:00:00Z");
const draft = { text: "See https://example.com & more", hash: "h" } as Draft;
const seconds = (count: number) => new Date(armedAt.getTime() + count * 1000);
const shown = (at: Date, text = "See http://example.com/ &amp; more") => ({ id: "99", text, createdAt: at });

interface Change extends Partial<Omit<SettleInput, "timeline">> {
  shows?: TimelinePost;
  unreadable?: string;
  sends?: number;
  plannedAt?: Date;
}

function input({ shows, unreadable, sends = 1, plannedAt = armedAt, ...rest }: Change = {}): SettleInput {
  const slot = { draft, plannedAt, armedAt, sends };
  return {
    slot,
    timeline: unreadable === undefined ? { found: findPost(slot, shows ? [shows] : []) } : { unreadable },
    absentReads: 0,
    now: seconds(300),
    late: { lateWithinSeconds: 3600, lateThen: "skip" },
    ...rest,
  };
}

test.for<{ when: string; given: SettleInput; expected: object }>([
  {
    when: "the post shows",
    given: input({ shows: shown(seconds(5)) }),
    expected: { kind: "posted", postId: "99" },
  },
  {
    when: "X's clock is a minute behind",
    given: input({ shows: shown(seconds(-60)) }),
    expected: { kind: "posted" },
  },
  {
    when: "the same text is older than the send",
    given: input({ shows: shown(seconds(-61)), absentReads: 1 }),
    expected: { kind: "wait" },
  },
  {
    when: "another text shows",
    given: input({ shows: shown(seconds(5), "Something else"), absentReads: 1 }),
    expected: { kind: "wait" },
  },
  { when: "it was absent once", given: input({ absentReads: 1 }), expected: { kind: "wait" } },
  { when: "it was absent twice", given: input({ absentReads: 2 }), expected: { kind: "resend" } },
  {
    when: "it was absent twice at the end of the lateness window",
    given: input({ absentReads: 2, now: seconds(3600) }),
    expected: { kind: "resend" },
  },
  {
    when: "it was absent twice and is too late",
    given: input({ absentReads: 2, now: seconds(3601) }),
    expected: { kind: "missed", reason: "was not on X in two reads, and it is too late to send it again" },
  },
  {
    when: "it was absent twice and late posts are wanted",
    given: input({ absentReads: 2, now: seconds(9999), late: { lateWithinSeconds: 1, lateThen: "post" } }),
    expected: { kind: "resend" },
  },
  { when: "it was sent twice, absent once", given: input({ sends: 2, absentReads: 1 }), expected: { kind: "wait" } },
  { when: "it was sent twice, absent twice", given: input({ sends: 2, absentReads: 2 }), expected: { kind: "dead" } },
  {
    when: "the timeline can't be read",
    given: input({ unreadable: "X answered 503", now: seconds(86_400) }),
    expected: { kind: "wait", reason: "not settled so far: X answered 503" },
  },
  {
    when: "the timeline can't be read for more than a day",
    given: input({ unreadable: "X answered 503", now: seconds(86_401) }),
    expected: { kind: "dead", reason: expect.stringContaining("look at the account") },
  },
])("an unclear send is decided when $when", ({ given, expected }) => {
  expect(settleDecision(given)).toMatchObject(expected);
});

test("after a second send the first one is looked for too", () => {
  const { slot } = input({ sends: 2, plannedAt: seconds(-600) });
  expect(timelineSince(slot)).toEqual(seconds(-660));
  expect(findPost(slot, [shown(seconds(-300))])?.id).toBe("99");
  expect(timelineSince({ ...slot, sends: 1 })).toEqual(seconds(-60));
  expect(timelineSince({ ...slot, plannedAt: seconds(10) }), "a planned time after the send").toEqual(seconds(-60));
});
