import { expect, test } from "vitest";
import { type FailureKind, PostingError } from "../../src/errors.ts";
import type { SendResult } from "../../src/ports.ts";
import { afterSend } from "../../src/post/outcome.ts";
import { afterReadFailure } from "../../src/post/read-failure.ts";

const now = new Date("2026-11-21T12:00:00Z");
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const windows = [] as const;
const reason = "X answered so";

interface Row {
  when: string;
  result: SendResult;
  resend?: boolean;
  expected: object;
}

test.for<Row>([
  {
    when: "created",
    result: { kind: "created", postId: "5", windows },
    expected: { outcome: "posted", postId: "5", xCharged: true },
  },
  {
    when: "a duplicate at the first send",
    result: { kind: "duplicate", reason, windows },
    expected: {
      outcome: "dead",
      cause: "content",
      xCharged: false,
      stop: "client",
      strikes: [{ scope: "client", cause: "duplicate", baseMinutes: 360, opensAfter: 1 }],
    },
  },
  {
    when: "a duplicate at the second send",
    result: { kind: "duplicate", reason, windows },
    resend: true,
    expected: {
      outcome: "posted",
      reason: "X says this text is already posted; its id is not known",
      xCharged: true,
    },
  },
  {
    when: "refused for its text",
    result: { kind: "rejected", concerns: "content", reason, windows },
    expected: { outcome: "dead", cause: "content" },
  },
  {
    when: "refused for the token",
    result: { kind: "rejected", concerns: "credential", reason, windows },
    expected: {
      outcome: "deferred",
      cause: "credentials",
      stop: "client",
      strikes: [
        { scope: "client", cause: "credentials", baseMinutes: 30, capMinutes: 1440, opensAfter: 3 },
        { scope: "x", cause: "credentials", opensAfter: 3, severalClients: true },
      ],
    },
  },
  {
    when: "refused for the token at the second send",
    result: { kind: "rejected", concerns: "credential", reason, windows },
    resend: true,
    expected: { outcome: "unknown", stop: "client", notLeft: true },
  },
  {
    when: "refused for the account",
    result: { kind: "rejected", concerns: "account", reason, windows },
    expected: {
      outcome: "dead",
      cause: "account",
      stop: "client",
      strikes: [
        { scope: "client", cause: "account", baseMinutes: 1440, opensAfter: 1 },
        { scope: "x", cause: "credentials", severalClients: true },
      ],
    },
  },
  {
    when: "refused for the app",
    result: { kind: "rejected", concerns: "app", reason, windows },
    expected: {
      outcome: "deferred",
      cause: "config",
      stop: "all",
      strikes: [{ scope: "x", cause: "app", baseMinutes: 30, opensAfter: 1 }],
    },
  },
  {
    when: "rate-limited for the account",
    result: { kind: "rate-limited", scope: "client", until: minutes(7), windows },
    expected: { outcome: "deferred", stop: "client", backoff: { scope: "client", until: minutes(7) } },
  },
  {
    when: "rate-limited for the app",
    result: { kind: "rate-limited", scope: "all", until: minutes(70), windows },
    expected: { outcome: "deferred", stop: "all", backoff: { scope: "all", until: minutes(70) } },
  },
  {
    when: "out of credit",
    result: { kind: "out-of-credit", reason, windows },
    expected: {
      outcome: "deferred",
      cause: "out-of-credit",
      reason: expect.stringContaining("buy credits"),
      stop: "all",
      strikes: [
        {
          scope: "x",
          cause: "out-of-credit",
          reason: expect.stringContaining("buy credits"),
          baseMinutes: 60,
          capMinutes: 720,
          opensAfter: 1,
        },
      ],
    },
  },
  {
    when: "never sent",
    result: { kind: "unsent", reason, windows },
    expected: {
      outcome: "deferred",
      cause: "unavailable",
      reason,
      strikes: [{ scope: "x", cause: "unavailable", baseMinutes: 5, capMinutes: 60, opensAfter: 3 }],
    },
  },
  {
    when: "never sent the second time",
    result: { kind: "unsent", reason, windows },
    resend: true,
    expected: { outcome: "unknown", notLeft: true },
  },
  { when: "unclear", result: { kind: "unknown", reason, windows }, expected: { outcome: "unknown", xCharged: false } },
])("a text that was $when", ({ result, resend = false, expected }) => {
  expect(afterSend(result, { resend, now })).toMatchObject(expected);
});

/** One account's users/me that times out must not keep the others from posting. */
const unread = { scope: "x", cause: "unread", opensAfter: 3, severalClients: true, anyoneTries: true };

test.for<{ kind: FailureKind; expected: object }>([
  {
    kind: "config",
    expected: { cause: "credentials", stop: "client", strikes: [{ scope: "client" }, { scope: "x" }] },
  },
  { kind: "rate-limited", expected: { cause: "rate-limited", backoff: { scope: "client", until: minutes(15) } } },
  { kind: "out-of-credit", expected: { cause: "out-of-credit", stop: "all" } },
  { kind: "unavailable", expected: { cause: "unavailable", unread: true, strikes: [unread] } },
  { kind: "outcome-unknown", expected: { cause: "unavailable", unread: true, strikes: [unread] } },
  { kind: "rejected", expected: { cause: "unavailable", strikes: [{ scope: "client", cause: "refused" }] } },
])("a read that failed as $kind defers", ({ kind, expected }) => {
  const after = afterReadFailure(new PostingError(kind, "said so"), { now });
  expect(after).toMatchObject({ outcome: "deferred", ...expected });
});

test("a read that says when to come back is taken at its word", () => {
  const error = new PostingError("rate-limited", "later", { retryAt: minutes(3) });
  expect(afterReadFailure(error, { now }).backoff?.until).toEqual(minutes(3));
});

test("an answer that says nothing about X as a service does not count against it", () => {
  const scopes = afterReadFailure(new PostingError("rejected", "said so"), { now }).strikes?.map(({ scope }) => scope);
  expect(scopes).toEqual(["client"]);
  expect(afterReadFailure(new PostingError("rejected", "said so"), { now }).unread).toBeUndefined();
  expect(
    afterSend({ kind: "rejected", concerns: "content", reason, windows }, { resend: false, now }).strikes,
  ).toBeUndefined();
  expect(afterSend({ kind: "unknown", reason, windows }, { resend: true, now }).notLeft).toBeUndefined();
});

const results: readonly SendResult[] = [
  ...(["credential", "account", "app"] as const).map((concerns) => ({
    kind: "rejected" as const,
    concerns,
    reason,
    windows,
  })),
  { kind: "out-of-credit", reason, windows },
  { kind: "duplicate", reason, windows },
  { kind: "unsent", reason, windows },
];

test.for(results)(
  "the strikes of %j wait at least some minutes, at most a week, and say what a person can do",
  (result) => {
    const { strikes = [] } = afterSend(result, { resend: false, now });
    expect(strikes.length).toBeGreaterThan(0);
    for (const strike of strikes) {
      expect(strike.baseMinutes).toBeGreaterThanOrEqual(5);
      expect(strike.capMinutes).toBeGreaterThan(strike.baseMinutes);
      expect(strike.capMinutes).toBeLessThanOrEqual(7 * 24 * 60);
      // One client alone never stops the others, unless X said that it is about all of them.
      expect(
        strike.scope === "client" ||
          strike.severalClients ||
          ["app", "out-of-credit", "unavailable"].includes(strike.cause),
      ).toBe(true);
      expect(strike.reason).toMatch(/look|check|see|buy/);
    }
  },
);
