import { expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { breaker } from "./ledger-breakers.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

/** Spending far above a client's usual day, and slots that go back at the gate. */
export function spendContract(open: OpenLedger): void {
  /** A client with days of spending before 2026-11-21, the latest first. */
  const after = async (...days: readonly number[]): Promise<Steps> => {
    const steps = stepsOf(await open());
    for (const [index, usd] of days.entries()) {
      const period = new Date(Date.UTC(2026, 10, 20 - index)).toISOString().slice(0, 10);
      await steps.sql("insert into clara.spend (scope, period, usd, posts) values ('acme', $1, $2::numeric, 1)", [
        period,
        usd,
      ]);
    }
    await steps.sql(
      "insert into clara.spend (scope, period, usd) values ('acme', '2026-10', 500), ('*', '2026-11-20', 500)",
    );
    await steps.claim();
    return steps;
  };
  const worst = (usd: number) => ({ worst: { modelUsd: usd - 0.01, xUsd: 0.01 } });
  const fifth = [0.3, 0.2, 0.2, 0.1, 0.2];

  test.for([
    { what: "exactly four times the usual day", days: fifth, usd: 0.8, granted: true },
    { what: "more than four times the usual day", days: fifth, usd: 0.801, granted: false },
    { what: "less than $0.50 above a small usual day", days: [0.1, 0.1, 0.1, 0.1, 0.1], usd: 0.599, granted: true },
    { what: "$0.50 above a small usual day", days: [0.1, 0.1, 0.1, 0.1, 0.1], usd: 0.6, granted: false },
    { what: "anything after four days with spending", days: [0.1, 0.1, 0, 0.1, 0.1], usd: 9, granted: true },
    {
      what: "more than four times the last 14 days, whatever was before",
      days: [...Array(14).fill(0.1), 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
      usd: 0.7,
      granted: false,
    },
  ])("$what is granted: $granted", async ({ days, usd, granted }) => {
    const steps = await after(...days);
    expect(await steps.reserve(worst(usd))).toMatchObject({ granted });
  });

  test.for([
    { what: "a first post after days of rehearsals", posts: 1, granted: true },
    { what: "a dear rehearsal among cheap ones", posts: 0, granted: false },
  ])("$what is granted: $granted", async ({ posts, granted }) => {
    const steps = await after(...Array<number>(10).fill(0.004));
    await steps.sql("update clara.spend set posts = 0 where scope = 'acme'");
    expect(await steps.reserve({ worst: { ...worst(0.7).worst, posts } })).toMatchObject({ granted });
  });

  test("what is spent and held today counts with the next worst case", async () => {
    const steps = await after(...fifth);
    await steps.sql("insert into clara.spend (scope, period, usd, held_usd) values ('acme', '2026-11-21', 0.3, 0.3)");
    expect(await steps.reserve(worst(0.21))).toMatchObject({ granted: false });
  });

  test("then the client rests until its next day, in words that the slot and the tick get too; the others go on", async () => {
    const steps = await after(...fifth);
    const reason =
      'the next post could bring today to $0.90, a usual day costs $0.20: look in the summaries at what became dear; since 2026-11-21 09:00 UTC; tried again after 2026-11-22 00:00 UTC; "resume acme" ends the wait';
    expect(await steps.reserve(worst(0.9))).toEqual({
      slot: "acme/2026-11-21T09:00",
      granted: false,
      reason,
      cause: "backing-off",
    });
    expect(await steps.slotRow()).toMatchObject({ state: "waiting", lease_until: null, reason });
    expect(await steps.rows("hold")).toEqual([]);
    const { clients } = await steps.ledger.readTick({ now: at(60) });
    expect(clients.get("acme")?.backoff).toEqual({ until: at(15 * 3600), reason });
    expect(await steps.claim({ now: at(15 * 3600 - 1) })).toBeUndefined();
    expect(await steps.claim({ client: "bolt" })).toBeDefined();
    const next = { fence: 2, now: at(15 * 3600), day: "2026-11-22" };
    expect(await steps.claim(next)).toMatchObject({ fence: 2 });
    expect(await steps.reserve({ ...next, ...worst(0.1) })).toMatchObject({ granted: true });
    await steps.store(["text"], next);
    await steps.arm(next);
    await steps.record("posted", { ...next, postId: "1" });
    expect(await steps.rows("breaker")).toEqual([]);
  });

  test("a day that a person let go on is let go on, and the next one is not", async () => {
    const steps = await after(...fifth);
    await steps.reserve(worst(0.9));
    await steps.sql("select public.release_scope('acme', now())");
    expect(await steps.claim({ now: at(60) })).toMatchObject({ fence: 2 });
    expect(await steps.reserve({ ...worst(0.9), fence: 2, now: at(60) })).toMatchObject({ granted: true });
    await steps.store(["text"], { fence: 2 });
    await steps.arm({ fence: 2 });
    await steps.record("posted", { fence: 2, postId: "1" });
    expect(await breaker(steps, "acme")).toMatchObject({ cause: "spend", day: "2026-11-21", opened_at: null });
    await steps.claim({ slot: "acme/2", now: at(86_400) });
    const tomorrow = { slot: "acme/2", now: at(86_400), day: "2026-11-22" };
    expect(await steps.reserve({ ...tomorrow, ...worst(5) })).toMatchObject({ granted: false, cause: "backing-off" });
    expect(await breaker(steps, "acme")).toMatchObject({
      failures: 1,
      day: "2026-11-22",
      opened_at: expect.any(String),
    });
  });

  test("a code from before there were breakers names no end of the day, and the client rests for half a day", async () => {
    const steps = await after(...fifth);
    const slot = { slot: "acme/2026-11-21T09:00", fence: 1, client: "acme", day: "2026-11-21", month: "2026-11" };
    const limits = { postsPerDay: 9, completionsPerDay: 9, usdPerMonth: 9 };
    const all = [{ ...slot, posts: 1, completions: 1, modelUsd: 1, xUsd: 0, limits }];
    await steps.sql("select public.reserve_slots('run-1', $1, $2::jsonb, $3::jsonb)", [
      at(0).toISOString(),
      JSON.stringify(all),
      JSON.stringify({ ...limits, day: "2026-11-21", month: "2026-11" }),
    ]);
    expect((await steps.ledger.readTick({ now: at(1) })).clients.get("acme")?.backoff?.until).toEqual(at(12 * 3600));
  });

  test("a refused slot goes back to waiting with the reason, and the others of the call are judged as ever", async () => {
    const steps = stepsOf(await open());
    await steps.claim();
    await steps.claim({ client: "bolt" });
    const limits = { postsPerDay: 9, completionsPerDay: 9, usdPerMonth: 9 };
    const period = { day: "2026-11-21", month: "2026-11" };
    const worstCase = { posts: 1, completions: 1, modelUsd: 0.1, xUsd: 0.1, limits, dayEndsAt: at(86_400) };
    const answers = await steps.ledger.reserveSlots({
      run: "run-1",
      now: at(5),
      slots: [
        { slot: "acme/2026-11-21T09:00", fence: 1, refused: "no prompt" },
        { slot: "bolt/2026-11-21T09:00", fence: 1, client: "bolt", ...period, ...worstCase },
      ],
      global: { ...limits, ...period },
    });
    expect(answers).toEqual([
      { slot: "acme/2026-11-21T09:00", granted: false, reason: "no prompt", cause: "config" },
      { slot: "bolt/2026-11-21T09:00", granted: true },
    ]);
    expect(await steps.slotRow()).toMatchObject({ state: "waiting", reason: "no prompt", lease_until: null });
    expect(await steps.claim({ now: at(6) })).toMatchObject({ fence: 2 });
  });

  test("a slot that another run took is not sent back", async () => {
    const steps = stepsOf(await open());
    await steps.claim();
    await steps.claim({ run: "run-2", now: at(300) });
    const slots = [{ slot: "acme/2026-11-21T09:00", fence: 1, refused: "no prompt" }];
    const global = { postsPerDay: 9, completionsPerDay: 9, usdPerMonth: 9, day: "2026-11-21", month: "2026-11" };
    expect(await steps.ledger.reserveSlots({ run: "run-1", now: at(301), slots, global })).toMatchObject([
      { granted: false, reason: "another run took this slot" },
    ]);
    expect(await steps.slotRow()).toMatchObject({ state: "claimed", run: "run-2" });
  });
}
