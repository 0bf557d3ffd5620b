import { expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { breaker, restsUntil, rule, sendAt } from "./ledger-breakers.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

const slotOf = (client: string) => ({ slot: `${client}/next`, client, plannedAt: at(0), minGapSeconds: 0 });

/** How a service comes back: one slot, then all. */
export function recoveryContract(open: OpenLedger): void {
  /** X failed at 0 s; gives the second from which one slot is tried. */
  const failed = async (): Promise<{ steps: Steps; seconds: number }> => {
    const steps = stepsOf(await open());
    await sendAt(steps, { client: "zoe", seconds: 0, strikes: [rule()] });
    return { steps, seconds: await restsUntil(steps, "*x") };
  };
  const claimAt = (steps: Steps, seconds: number, ...clients: string[]) =>
    steps.claimAll({ now: at(seconds), leaseSeconds: 600, due: clients.map(slotOf) });
  const send = async (steps: Steps, seconds: number, client: string, fence = 1) => {
    const step = { ...slotOf(client), now: at(seconds), fence };
    await steps.store([`a text of ${client}`], step);
    return steps.arm(step);
  };
  const stateAt = async (steps: Steps, seconds: number) =>
    (await steps.ledger.readTick({ now: at(seconds) })).breakers?.map(({ state }) => state);

  test("nothing is let through to the last second, then exactly one slot, the first of the list", async () => {
    const { steps, seconds } = await failed();
    expect(await claimAt(steps, seconds - 1, "acme", "bolt")).toEqual([]);
    expect(await stateAt(steps, seconds - 1)).toEqual(["open"]);
    expect(await stateAt(steps, seconds)).toEqual(["half-open"]);
    expect(await claimAt(steps, seconds, "acme", "bolt", "cora")).toMatchObject([{ slot: "acme/next" }]);
    expect(await stateAt(steps, seconds)).toEqual(["tried"]);
    expect(await steps.slotRow("cora/next")).toMatchObject({
      state: "waiting",
      reason: 'X says no; since 2026-11-21 09:00 UTC; one post is tried first; "resume" ends the wait',
    });
    expect(await claimAt(steps, seconds + 1, "bolt", "cora")).toEqual([]);
  });

  test("the first slot is passed over when its client rests, and the next one is tried", async () => {
    const { steps, seconds } = await failed();
    await sendAt(steps, { client: "acme", seconds, strikes: [rule({ scope: "client" })] });
    expect(await claimAt(steps, seconds + 1, "acme", "bolt")).toMatchObject([{ slot: "bolt/next" }]);
  });

  test("when it posts, everything goes on", async () => {
    const { steps, seconds } = await failed();
    await claimAt(steps, seconds, "acme");
    await send(steps, seconds, "acme");
    await steps.record("posted", { ...slotOf("acme"), now: at(seconds + 1), postId: "1" });
    expect(await steps.rows("breaker")).toEqual([]);
    expect(await claimAt(steps, seconds + 2, "bolt", "cora")).toHaveLength(2);
  });

  test("when it fails in the same way, the wait is longer, and one slot is tried again after it", async () => {
    const { steps, seconds } = await failed();
    await claimAt(steps, seconds, "acme");
    await send(steps, seconds, "acme");
    await steps.record("deferred", { ...slotOf("acme"), now: at(seconds), strikes: [rule({ reason: "still no" })] });
    const again = await restsUntil(steps, "*x");
    expect(again - seconds).toBeGreaterThan(seconds);
    expect(await breaker(steps, "*x")).toMatchObject({ failures: 2, reason: "still no", probe: null });
    expect(await claimAt(steps, again - 1, "bolt", "cora")).toEqual([]);
    expect(await claimAt(steps, again, "bolt", "cora")).toHaveLength(1);
  });

  test("where anyone may be tried, a client that failed before lengthens the wait, and is told of once", async () => {
    const steps = stepsOf(await open());
    const strikes = [rule({ opensAfter: 2, severalClients: true, anyoneTries: true })];
    for (const seconds of [0, 60]) await sendAt(steps, { client: "acme", seconds, strikes });
    expect(await breaker(steps, "*x"), "one client alone opens nothing").toMatchObject({ failures: 1, until: null });
    await sendAt(steps, { client: "bolt", seconds: 120, strikes });
    const seconds = await restsUntil(steps, "*x");
    expect(await sendAt(steps, { client: "acme", seconds, strikes })).toBe(true);
    expect(await breaker(steps, "*x")).toMatchObject({ failures: 3, clients: ["acme", "bolt"], probe: null });
    expect((await restsUntil(steps, "*x")) - seconds).toBeGreaterThan(seconds - 120);
    expect(await sendAt(steps, { client: "cora", seconds: seconds + 1 })).toBe(false);
  });

  test.for(["deferred", "skipped", "dead"] as const)(
    "when it ends as %s for a reason of its own, another one is tried",
    async (outcome) => {
      const { steps, seconds } = await failed();
      await claimAt(steps, seconds, "acme");
      await steps.record(outcome, { ...slotOf("acme"), now: at(seconds) });
      expect(await stateAt(steps, seconds)).toEqual(["half-open"]);
      expect(await claimAt(steps, seconds, "bolt", "cora")).toHaveLength(1);
    },
  );

  test("when nobody knows whether it arrived, another one is tried", async () => {
    const { steps, seconds } = await failed();
    await claimAt(steps, seconds, "acme");
    await send(steps, seconds, "acme");
    await steps.record("unknown", { ...slotOf("acme"), now: at(seconds) });
    expect(await claimAt(steps, seconds + 1, "bolt", "cora")).toHaveLength(1);
  });

  test("a run that died with it holds the others up until its lease ends", async () => {
    const { steps, seconds } = await failed();
    await claimAt(steps, seconds, "acme");
    expect(await claimAt(steps, seconds + 599, "bolt")).toEqual([]);
    expect(await claimAt(steps, seconds + 600, "bolt", "cora")).toMatchObject([{ slot: "bolt/next" }]);
  });

  test("another slot that was claimed before may not be sent beside it", async () => {
    const { steps, seconds } = await failed();
    await claimAt(steps, seconds, "acme");
    await steps.sql("update clara.breaker set probe = 'bolt/next', probe_fence = 1");
    await steps.sql(`insert into clara.slot (id, client, planned_at, state, fence, run, lease_until, changed_at)
      values ('bolt/next', 'bolt', now(), 'claimed', 1, 'run-2', 'infinity', now())`);
    expect(await send(steps, seconds, "acme")).toMatchObject({
      armed: false,
      why: "backing-off",
      reason: expect.stringContaining("one post is tried first"),
    });
  });

  test("a slot at work when the wait ends is the one that is tried, and the next one waits", async () => {
    const steps = stepsOf(await open());
    await claimAt(steps, 0, "acme", "bolt");
    await sendAt(steps, { client: "zoe", seconds: 0, strikes: [rule()] });
    const seconds = await restsUntil(steps, "*x");
    expect(await send(steps, seconds - 1, "acme")).toMatchObject({ why: "backing-off" });
    expect(await steps.arm({ ...slotOf("acme"), now: at(seconds) })).toEqual({ armed: true });
    expect(await send(steps, seconds, "bolt")).toMatchObject({ armed: false, why: "backing-off" });
  });

  test("a post that left before the breaker opened doesn't close it", async () => {
    const steps = stepsOf(await open());
    await steps.send("text");
    await sendAt(steps, { client: "zoe", seconds: 5, strikes: [rule()] });
    await steps.record("posted", { now: at(6), postId: "1" });
    expect(await stateAt(steps, 7)).toEqual(["open"]);
  });

  test("a client's open breaker lets one of its slots through, and the later ones only after that one has ended", async () => {
    const steps = stepsOf(await open());
    await sendAt(steps, { seconds: 0, strikes: [rule({ scope: "client" })] });
    const seconds = await restsUntil(steps, "acme");
    const other = { ...slotOf("acme"), slot: "acme/other" };
    expect(await claimAt(steps, seconds, "acme")).toHaveLength(1);
    expect(await steps.claimAll({ now: at(seconds + 1), due: [other] })).toEqual([]);
    await send(steps, seconds, "acme");
    await steps.record("deferred", { ...slotOf("acme"), now: at(seconds), strikes: [rule({ scope: "client" })] });
    expect(await steps.claimAll({ now: at(seconds + 60), due: [other] })).toEqual([]);
    const again = await restsUntil(steps, "acme");
    expect(await steps.claimAll({ now: at(again), due: [other] })).toHaveLength(1);
  });

  test("X and the models that come back together are tried with the same slot", async () => {
    const { steps } = await failed();
    await steps.sql(`insert into clara.breaker (scope, cause, failures, reason, since, until, opened_at)
      select '*model', 'no-answer', 1, 'silent', since, until, opened_at from clara.breaker`);
    const seconds = await restsUntil(steps, "*x");
    expect(await claimAt(steps, seconds, "acme", "bolt")).toMatchObject([{ slot: "acme/next" }]);
    expect((await steps.rows("breaker")).map(({ probe }) => probe)).toEqual(["acme/next", "acme/next"]);
  });

  test("a second send that X surely refused counts as none: the first one is settled on, and may be sent once more", async () => {
    const steps = stepsOf(await open());
    await steps.send("text");
    await steps.record("unknown");
    await steps.openTick({ now: at(300), leaseSeconds: 900 });
    for (const seconds of [300, 360]) await steps.absent({ fence: 2, now: at(seconds) });
    const second = { run: "run-2", fence: 2, now: at(361) };
    expect(await steps.arm(second)).toEqual({ armed: true });
    expect(await steps.record("deferred", second)).toBe(true);
    expect(await steps.record("deferred", second)).toBe(true);
    expect(await steps.slotRow()).toMatchObject({ state: "unknown", lease_until: null });
    const { unsettled } = await steps.openTick({ now: at(600), leaseSeconds: 900 });
    expect(unsettled).toMatchObject([{ sends: 1, armedAt: at(0), absentReads: 0 }]);
    const third = { run: "run-2", fence: 3, now: at(700) };
    expect(await steps.arm(third)).toMatchObject({ why: "sent-twice" });
    for (const seconds of [600, 660]) await steps.absent({ fence: 3, now: at(seconds) });
    expect(await steps.arm(third)).toEqual({ armed: true });
    await steps.record("unknown", third);
    expect((await steps.openTick({ now: at(1000), leaseSeconds: 900 })).unsettled).toMatchObject([
      { sends: 2, armedAt: at(700) },
    ]);
    for (const seconds of [1000, 1060, 1120]) await steps.absent({ fence: 4, now: at(seconds) });
    expect(await steps.arm({ run: "run-2", fence: 4, now: at(1121) })).toMatchObject({ why: "sent-twice" });
  });
}
