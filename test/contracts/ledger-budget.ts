import { describe, expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

/** How much of the client's day or month, or of everybody's, is spent and held. */
async function spend(steps: Steps, scope: string, period: string) {
  const row = (await steps.rows("spend")).find((each) => each.scope === scope && each.period === period);
  const { scope: _scope, period: _period, ...numbers } = row ?? {};
  return numbers;
}

const nothing = { posts: 0, completions: 0, usd: 0, held_posts: 0, held_completions: 0, held_usd: 0 };

/** What a claim may spend, and what becomes of a hold. */
export function budgetContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("the worst case is held for the client and for all, by day and by month", async () => {
    const steps = await begin();
    await steps.claim();
    expect(await steps.reserve({ globalDay: "2026-11-20" })).toEqual({ slot: "acme/2026-11-21T09:00", granted: true });
    const held = { ...nothing, held_posts: 1, held_completions: 3, held_usd: 0.025 };
    expect(await steps.rows("spend")).toHaveLength(4);
    expect(await spend(steps, "acme", "2026-11-21")).toEqual(held);
    expect(await spend(steps, "acme", "2026-11")).toEqual(held);
    expect(await spend(steps, "*", "2026-11-20")).toEqual(held);
    expect(await spend(steps, "*", "2026-11")).toEqual(held);
  });

  const limits = [
    { what: "posts", limit: { postsPerDay: 2 }, worst: { posts: 1 }, says: "2 posts a day are used up" },
    {
      what: "completions",
      limit: { completionsPerDay: 6 },
      worst: { completions: 3 },
      says: "6 completions a day are used up",
    },
    {
      what: "dollars",
      limit: { usdPerMonth: 0.3 },
      worst: { modelUsd: 0.1, xUsd: 0.05 },
      says: "$0.3 a month would be passed",
    },
  ] as const;

  describe.for(limits)("the limit of $what", ({ limit, worst, says }) => {
    test("fits to the last one and refuses the next, which waits with the reason", async () => {
      const steps = await begin();
      for (const [n, granted] of [true, true, false].entries()) {
        const slot = `acme/${n}`;
        await steps.claim({ slot });
        const answer = await steps.reserve({ slot, limits: limit, worst });
        expect(answer).toEqual(granted ? { slot, granted } : { slot, granted, reason: `budget: ${says}` });
        await steps.sql("update clara.slot set lease_until = to_timestamp(0) where state = 'claimed'");
      }
      expect(await steps.slotRow("acme/2")).toMatchObject({
        state: "waiting",
        reason: `budget: ${says}`,
        lease_until: null,
      });
      expect(await steps.rows("hold")).toHaveLength(2);
    });

    test("of all clients counts what each of them holds", async () => {
      const steps = await begin();
      for (const [client, granted] of [
        ["acme", true],
        ["bolt", true],
        ["cora", false],
      ] as const) {
        await steps.claim({ client });
        const answer = await steps.reserve({ client, global: limit, worst });
        expect(answer.granted).toBe(granted);
        if (!answer.granted) expect(answer.reason).toBe(`budget: all clients together: ${says}`);
      }
    });

    test("of one client leaves the others alone", async () => {
      const steps = await begin();
      for (const client of ["acme", "bolt", "cora"]) {
        await steps.claim({ client });
        expect((await steps.reserve({ client, limits: limit, worst })).granted).toBe(true);
      }
    });
  });

  test("where the budget of all has room for some, those that were named first get it, whatever their names", async () => {
    const steps = await begin();
    const clients = ["cora", "acme", "dora", "bolt"];
    for (const client of clients) await steps.claim({ client });
    const zone = { day: "2026-11-21", month: "2026-11" };
    const limits = { postsPerDay: 10, completionsPerDay: 50, usdPerMonth: 20 };
    const worst = {
      fence: 1,
      ...zone,
      dayEndsAt: at(54_000),
      posts: 1,
      completions: 3,
      modelUsd: 0.01,
      xUsd: 0.015,
      limits,
    };
    const slots = clients.map((client) => ({ slot: `${client}/2026-11-21T09:00`, client, ...worst }));
    const global = { ...limits, ...zone, postsPerDay: 2 };
    const answers = await steps.ledger.reserveSlots({ run: "run-1", now: at(0), slots, global });
    expect(answers.map(({ slot, granted }) => [slot.split("/")[0], granted])).toEqual([
      ["cora", true],
      ["acme", true],
      ["dora", false],
      ["bolt", false],
    ]);
  });

  test.for([
    { what: "posts", limits: { postsPerDay: 1 }, granted: true },
    { what: "completions", limits: { completionsPerDay: 3 }, granted: true },
    { what: "dollars", limits: { usdPerMonth: 0.03 }, granted: false },
  ])("the next day of the same month has room again for $what: $granted", async ({ limits: tight, granted }) => {
    const steps = await begin();
    for (const day of ["2026-11-21", "2026-11-22"]) {
      const slot = `acme/${day}`;
      await steps.claim({ slot, leaseSeconds: 0 });
      const answer = await steps.reserve({ slot, day, limits: tight });
      expect(answer.granted).toBe(day === "2026-11-21" || granted);
    }
  });

  test("the next month has room for dollars again", async () => {
    const steps = await begin();
    for (const day of ["2026-11-30", "2026-12-01"]) {
      const slot = `acme/${day}`;
      await steps.claim({ slot, leaseSeconds: 0 });
      expect((await steps.reserve({ slot, day, limits: { usdPerMonth: 0.03 } })).granted).toBe(true);
    }
  });

  test("what is settled counts against the limit like what is held", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.store(["text"], { completions: 1, usd: 0.004 });
    await steps.arm();
    await steps.record("posted", { xUsd: 0.015 });
    await steps.claim({ slot: "acme/2" });
    const answer = await steps.reserve({ slot: "acme/2", limits: { postsPerDay: 1 } });
    expect(answer).toMatchObject({ granted: false, reason: "budget: 1 posts a day are used up" });
    await steps.claim({ slot: "acme/2" });
    expect((await steps.reserve({ slot: "acme/2", fence: 2, limits: { usdPerMonth: 0.043 } })).granted).toBe(false);
    await steps.claim({ slot: "acme/2" });
    expect((await steps.reserve({ slot: "acme/2", fence: 3, limits: { usdPerMonth: 0.044 } })).granted).toBe(true);
  });

  test.for([
    { what: "an older fence", step: { fence: 0 } },
    { what: "a slot that is not claimed", step: { slot: "acme/none" } },
  ])("$what reserves nothing", async ({ step }) => {
    const steps = await begin();
    await steps.claim();
    const before = await steps.everything();
    expect(await steps.reserve(step)).toMatchObject({ granted: false, reason: "another run took this slot" });
    expect(await steps.everything()).toEqual(before);
  });

  test("a slot that is armed already reserves nothing", async () => {
    const steps = await begin();
    await steps.send("text");
    expect(await steps.reserve()).toMatchObject({ granted: false, reason: "another run took this slot" });
  });

  test("a run that died counts its completions as spent, and its post and X call as free", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.claim({ run: "run-2", now: at(300) });
    await steps.reserve({ run: "run-2", fence: 2 });
    const both = { ...nothing, completions: 3, usd: 0.01, held_posts: 1, held_completions: 3, held_usd: 0.025 };
    expect(await spend(steps, "acme", "2026-11-21")).toEqual(both);
    expect(await spend(steps, "*", "2026-11")).toEqual(both);
    expect(await steps.slotRow(), "receipts add up to what the budget lost").toMatchObject({
      completions: 3,
      model_usd: 0.01,
    });
  });

  test("what a dead run held and never settled can use up the limit of its successor", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.claim({ run: "run-2", now: at(300) });
    const answer = await steps.reserve({ run: "run-2", fence: 2, limits: { completionsPerDay: 5 } });
    expect(answer.granted).toBe(false);
    expect(await spend(steps, "acme", "2026-11-21")).toEqual({ ...nothing, completions: 3, usd: 0.01 });
    expect(await steps.rows("hold")).toEqual([]);
  });

  test("a slot closed after its run died counts the completions as spent", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    const closed = [
      { slot: "acme/2026-11-21T09:00", client: "acme", plannedAt: at(0), outcome: "missed" as const, reason: "late" },
    ];
    await steps.claimAll({ closed, now: at(300) });
    expect(await spend(steps, "acme", "2026-11-21")).toEqual({ ...nothing, completions: 3, usd: 0.01 });
    expect(await steps.rows("hold")).toEqual([]);
  });

  test.for(["deferred", "skipped", "dead"] as const)("%s without a call to the model releases all", async (outcome) => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.record(outcome);
    expect(await spend(steps, "acme", "2026-11-21")).toEqual(nothing);
    expect(await spend(steps, "*", "2026-11")).toEqual(nothing);
    expect(await steps.rows("hold")).toEqual([]);
  });
}
