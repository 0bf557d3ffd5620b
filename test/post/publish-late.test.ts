import { expect, test } from "vitest";
import { publishDraft } from "../../src/post/publish.ts";
import { noon } from "../contracts/x-fixture.ts";
import { openPublishing } from "./publish-scene.ts";

/** The window ends at noon, when it is still open. */
async function scene(options: Parameters<typeof openPublishing>[0] = {}) {
  const opened = await openPublishing(options);
  let nowMs = noon.getTime();
  const whyMissed = (at: Date) => (at > noon ? "46 min late, the limit is 45 min" : undefined);
  const clock = () => new Date(nowMs);
  const isOver = () => {
    nowMs = noon.getTime() + 1;
  };
  return { ...opened, ports: { ...opened.ports, clock, whyMissed }, isOver };
}

const missed = { outcome: "missed", cause: "too-late", reason: "46 min late, the limit is 45 min", costUsd: 0 };

test("in the last instant of its window a text still goes out", async () => {
  const { input, ports, x } = await scene();
  expect(await publishDraft(input, ports)).toMatchObject({ outcome: "posted" });
  expect(x.posts()).toHaveLength(1);
});

test("once its window is over a slot is missed: X is asked for nothing, and nobody pays or is struck for it", async () => {
  const { input, ports, x, ledger, isOver } = await scene({ known: [] });
  isOver();
  expect(await publishDraft(input, ports)).toMatchObject(missed);
  expect(ledger.outcomes).toEqual([
    {
      run: "run-1",
      slot: input.slot,
      fence: 1,
      now: ports.clock(),
      outcome: "missed",
      reason: missed.reason,
      xUsd: 0,
    },
  ]);
  expect({ armed: ledger.armed, counted: ledger.counted }).toEqual({ armed: [], counted: [] });
  expect(x.requests("GET", "/2/users/me") + x.requests("POST", "/2/tweets")).toBe(0);
});

test("a slot that waits for its place until its window is over is missed, and no intent is stored", async () => {
  const { input, ports, x, ledger, isOver } = await scene();
  const outside: typeof ports.outside = (work) => {
    isOver();
    return work();
  };
  expect(await publishDraft(input, { ...ports, outside })).toMatchObject(missed);
  expect(ledger.armed).toEqual([]);
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test("a slot whose window ends while the intent is stored is missed", async () => {
  const { input, ports, x, ledger, isOver } = await scene();
  const armSlot: typeof ledger.armSlot = (intent) => {
    isOver();
    return ledger.armSlot(intent);
  };
  expect(await publishDraft(input, { ...ports, ledger: { ...ledger, armSlot } })).toMatchObject(missed);
  expect(ledger.armed).toHaveLength(1);
  expect(ledger.outcomes).toMatchObject([{ outcome: "missed", xUsd: 0 }]);
  expect(x.requests("POST", "/2/tweets")).toBe(0);
});

test.for([
  { when: "the ledger does not take it", fail: 100, fence: 1, cause: "unavailable", why: "the ledger did not take" },
  { when: "another run has the slot", fail: 0, fence: 2, cause: "fence-lost", why: "another run took this slot" },
])("a slot is not said to be missed when $when", async ({ fail, fence, cause, why }) => {
  const { input, ports, ledger, isOver } = await scene();
  isOver();
  ledger.fail("recordOutcome", fail);
  ledger.fence = fence;
  const result = await publishDraft(input, ports);
  expect(result).toMatchObject({ outcome: "deferred", cause });
  expect(result.reason).toMatch(new RegExp(`^${why}.*; it was: missed, 46 min late`));
});
