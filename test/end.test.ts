import { expect, test } from "vitest";
import { endUnsent, type Unsent } from "../src/end.ts";
import { PostingError } from "../src/errors.ts";
import { tickDouble } from "./support/tick.ts";

const now = new Date("2026-11-21T09:04:00Z");
const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: now };
const claim = { slot: slot.id, fence: 3, recentTexts: [], recentFallbacks: [], recentLinks: 0 };

/** The ledger's answer to every write, or the error of one that is gone. */
function endWith(answer: boolean | PostingError, ended: Unsent) {
  const tick = tickDouble({
    now,
    recordOutcome: async () => {
      if (answer instanceof PostingError) throw answer;
      return answer;
    },
  });
  return endUnsent({ ...tick, services: { ...tick.services, sleep: async () => {} } }, { slot, claim }, ended);
}

const gone = new PostingError("unavailable", "no answer");
const spent = { usd: 0.002, usage: { inputTokens: 5, cachedTokens: 0, outputTokens: 7 } };
const unwritten: Unsent = { outcome: "skipped", reason: "no text", cause: "no-text", spent };

test("an end that the ledger takes is said as it is, with what was spent", async () => {
  expect(await endWith(true, unwritten)).toMatchObject({
    outcome: "skipped",
    cause: "no-text",
    reason: "no text",
    costUsd: 0.002,
  });
});

test.for([
  { ended: unwritten, cause: "unavailable", was: "skipped, no text" },
  {
    ended: { outcome: "missed", reason: "46 min late", cause: "too-late" } as const,
    cause: "unavailable",
    was: "missed, 46 min late",
  },
  {
    ended: { outcome: "deferred", reason: "no block", cause: "config" } as const,
    cause: "config",
    was: "deferred, no block",
  },
])("an end that the ledger never takes is a deferral: $was", async ({ ended, cause, was }) => {
  const reason = `the ledger did not take the outcome; it was: ${was}`;
  expect(await endWith(gone, ended)).toMatchObject({ outcome: "deferred", cause, reason });
});

test("what was spent is said also where the ledger does not take the end", async () => {
  expect(await endWith(gone, unwritten)).toMatchObject({ costUsd: 0.002, usage: spent.usage });
});

test("an end of a slot that another run has taken is that run's", async () => {
  expect(await endWith(false, unwritten)).toMatchObject({
    outcome: "deferred",
    cause: "fence-lost",
    reason: "another run took this slot",
  });
});
