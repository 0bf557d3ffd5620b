import { expect, test } from "vitest";
import { type FailureKind, PostingError } from "../../src/errors.ts";
import { openPaidReads, type PaidRead } from "../../src/post/paid-reads.ts";
import { noon } from "../contracts/x-fixture.ts";
import { openLedgerDouble } from "./ledger-double.ts";
import { limits } from "./publish-scene.ts";

function open(ask: () => Promise<string>) {
  const ledger = openLedgerDouble();
  let asked = 0;
  const paid: PaidRead<string> = {
    atMostUsd: 0.03,
    ask: () => {
      asked += 1;
      return ask();
    },
    usd: (answer) => answer.length / 100,
  };
  const slot = { slot: "acme/2026-11-21T13:00", fence: 1, client: { limits }, keepUsd: 0.015 };
  const reads = openPaidReads(slot, { ledger, global: limits, clock: () => noon });
  return { ledger, reads, read: () => reads.read(paid), asked: () => asked };
}

const answered = async () => "a";

test("what is counted stays the most that X takes, and what it cost is known from the answer", async () => {
  const { ledger, reads, read } = open(answered);
  expect(await read()).toEqual({ answer: "a" });
  expect(await read()).toEqual({ answer: "a" });
  expect(reads.costUsd()).toBe(0.02);
  expect([reads.uncountedUsd(), reads.uncountedUsd(0.015)]).toEqual([-0.04, -0.025]);
  const counted = { slot: "acme/2026-11-21T13:00", fence: 1, now: noon, usd: 0.03, keepUsd: 0.015 };
  expect(ledger.counted).toEqual(Array(2).fill({ ...counted, limits: { client: limits, global: limits } }));
});

test.for<{ kind: FailureKind; costUsd: number }>([
  { kind: "outcome-unknown", costUsd: 0.03 },
  { kind: "unavailable", costUsd: 0 },
  { kind: "rate-limited", costUsd: 0 },
  { kind: "out-of-credit", costUsd: 0 },
  { kind: "config", costUsd: 0 },
])("a read that ends as $kind costs $costUsd", async ({ kind, costUsd }) => {
  const { reads, read } = open(() => Promise.reject(new PostingError(kind, "no")));
  expect(await read()).toMatchObject({ failed: { outcome: "deferred" } });
  expect([reads.costUsd(), reads.uncountedUsd()]).toEqual([costUsd, costUsd - 0.03]);
});

test("nothing is asked that the ledger does not count", async () => {
  const refused = open(answered);
  refused.ledger.refuseRead = { counted: false, why: "over-budget", reason: "budget: $5 a month would be passed" };
  const reason = "budget: $5 a month would be passed";
  expect(await refused.read()).toEqual({
    failed: { outcome: "deferred", reason, cause: "over-budget", xCharged: false },
  });
  const gone = open(answered);
  gone.ledger.fail("countRead", 1);
  expect(await gone.read()).toMatchObject({
    failed: { cause: "unavailable", reason: expect.stringContaining("not asked") },
  });
  const late = open(answered);
  late.ledger.fence = 2;
  expect(await late.read()).toMatchObject({ failed: { cause: "fence-lost" } });
  for (const { asked, reads } of [refused, gone, late]) {
    expect(asked()).toBe(0);
    expect([reads.costUsd(), reads.uncountedUsd()]).toEqual([0, 0]);
  }
});

test("a bug in a read is no failure of the outside world", async () => {
  const { read } = open(() => Promise.reject(new TypeError("a bug")));
  await expect(read()).rejects.toThrow(TypeError);
});
