import { expect, test } from "vitest";
import type { RateWindow } from "../../src/ports.ts";
import { namedWaits } from "../../src/post/named-waits.ts";
import { afterSend } from "../../src/post/outcome.ts";

const now = new Date("2026-11-21T12:00:00Z");
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);

function window(scope: RateWindow["scope"], remaining: number, inMinutes: number): RateWindow {
  return { scope, remaining, resetAt: minutes(inMinutes) };
}

test.for<{ when: string; windows: RateWindow[]; expected: RateWindow | undefined; own?: number }>([
  { when: "no window is reported", windows: [], expected: undefined },
  { when: "there is room", windows: [window("client", 1, 5)], expected: undefined },
  { when: "the reset has passed", windows: [window("all", 0, -1)], expected: undefined },
  { when: "one is full", windows: [window("client", 0, 5), window("all", 9, 90)], expected: window("client", 0, 5) },
  { when: "two are full", windows: [window("client", 0, 5), window("all", 0, 90)], expected: window("all", 0, 90) },
  {
    when: "the account's is full for longer than the app's",
    windows: [window("all", 0, 5), window("client", 0, 1200), window("client", 0, 15)],
    expected: window("all", 0, 5),
    own: 1200,
  },
])("X's windows keep their clients away when $when", ({ windows, expected, own }) => {
  const { backoff, strikes } = namedWaits(windows, now);
  expect(backoff && { scope: backoff.scope, until: backoff.until }).toEqual(
    expected && { scope: expected.scope, until: expected.resetAt },
  );
  const wait = { scope: "client", cause: "rate-limited", baseMinutes: own, capMinutes: own, opensAfter: 1 };
  expect(strikes).toEqual(own === undefined ? undefined : [{ ...wait, reason: expect.stringContaining("until 2026") }]);
});

test("a 429 keeps everybody away for the app's window, and the client for the longer one of its account", () => {
  const windows = [window("all", 0, 5), window("client", 0, 1200)];
  const result = { kind: "rate-limited", scope: "all", until: minutes(5), windows } as const;
  expect(afterSend(result, { resend: false, now })).toMatchObject({
    stop: "all",
    backoff: { scope: "all", until: minutes(5) },
    strikes: [{ scope: "client", baseMinutes: 1200 }],
  });
  expect(afterSend(result, { resend: false, now, ownApp: true })).toEqual({
    outcome: "deferred",
    cause: "rate-limited",
    reason: expect.stringContaining("12:05"),
    stop: "client",
    backoff: { scope: "client", until: minutes(1200), reason: expect.stringContaining("08:00") },
    xCharged: false,
  });
});

test("a post that fills both windows names both waits", () => {
  const windows = [window("all", 0, 5), window("client", 0, 1200)];
  expect(afterSend({ kind: "created", postId: "5", windows }, { resend: false, now })).toMatchObject({
    outcome: "posted",
    backoff: { scope: "all" },
    strikes: [{ scope: "client", cause: "rate-limited" }],
  });
});
