import { expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf, takenToSettle } from "./ledger-steps.ts";

const worst = { posts: 1, completions: 2, modelUsd: 1, xUsd: 0.1 };

/** What a read of X may cost is counted before it is asked for. */
export function readContract(open: OpenLedger): void {
  const held = async (): Promise<Steps> => {
    const steps = stepsOf(await open());
    await steps.claim();
    await steps.reserve({ worst });
    return steps;
  };
  const spend = async (steps: Steps) => (await steps.rows("spend")).map(({ usd, held_usd }) => [usd, held_usd]);
  const all = (row: unknown) => Array(4).fill(row);

  test("it moves from held to spent, for the slot, the client and all", async () => {
    const steps = await held();
    expect(await steps.read({ usd: 0.03 })).toEqual({ counted: true });
    expect(await spend(steps)).toEqual(all([0.03, 1.07]));
    expect(await steps.slotRow()).toMatchObject({ x_usd: 0.03 });
  });

  test("the next write takes back what X did not charge, and nothing stays held at the end", async () => {
    const steps = await held();
    await steps.read({ usd: 0.03 });
    await steps.record("deferred", { xUsd: -0.02 });
    expect(await spend(steps)).toEqual(all([0.01, 0]));
    expect(await steps.slotRow()).toMatchObject({ x_usd: 0.01, state: "waiting" });
  });

  test("while the outcome is unknown, what is taken back is held again", async () => {
    const steps = await held();
    await steps.store(["text"], { completions: 1, usd: 0.4 });
    await steps.arm();
    await steps.record("unknown");
    await steps.openTick({ now: at(300), leaseSeconds: 900 });
    await steps.read({ usd: 0.03, fence: 2 });
    expect(await steps.absent({ fence: 2, now: at(310), xUsd: -0.02 })).toBe(1);
    expect(await spend(steps)).toEqual(all([0.41, 0.09]));
    await steps.openTick({ run: "run-3", now: at(400), leaseSeconds: 900 });
    await steps.read({ usd: 0.03, fence: 3 });
    await steps.record("posted", { fence: 3, postId: "9", xUsd: -0.01 });
    expect(await spend(steps)).toEqual(all([0.43, 0]));
    expect(await steps.slotRow()).toMatchObject({ x_usd: 0.03 });
  });

  test("a run that died after it leaves it spent", async () => {
    const steps = await held();
    await steps.read({ usd: 0.03 });
    await steps.claim({ run: "run-2", now: at(301) });
    await steps.reserve({ run: "run-2", now: at(301), fence: 2, worst });
    expect(await spend(steps)).toEqual(all([1.03, 1.1]));
  });

  test.for([
    { limit: "the client's budget", own: 1.15, every: 1000, reason: "budget: $1.15 a month would be passed" },
    {
      limit: "that of all clients",
      own: 1000,
      every: 1.15,
      reason: "budget: all clients together: $1.15 a month would be passed",
    },
  ])("what was not held for it has to fit $limit", async ({ own, every, reason }) => {
    const steps = await held();
    // The post's $0.06 stay held: of these $0.09 only $0.04 were held for reads, and with $0.05 more all is full.
    const read = { keepUsd: 0.06, own: { usdPerMonth: own }, every: { usdPerMonth: every } };
    expect(await steps.read({ usd: 0.09, ...read })).toEqual({ counted: true });
    expect(await spend(steps)).toEqual(all([0.09, 1.06]));
    const before = await steps.everything();
    expect(await steps.read({ usd: 0.01, ...read })).toEqual({ counted: false, why: "over-budget", reason });
    expect(await steps.everything()).toEqual(before);
  });

  test.for([
    { when: "another run took the slot", fence: 1 },
    { when: "the slot has ended", fence: 2, ended: true },
  ])("nothing is counted when $when", async ({ fence, ended = false }) => {
    const steps = stepsOf(await open());
    await takenToSettle(steps);
    if (ended) await steps.record("posted", { fence: 2, postId: "9" });
    const before = await steps.everything();
    expect(await steps.read({ fence, usd: 0.01 })).toMatchObject({ counted: false, why: "fence-lost" });
    expect(await steps.everything()).toEqual(before);
  });
}
