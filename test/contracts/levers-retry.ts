import { expect, test } from "vitest";
import type { Levers } from "../../src/levers.ts";
import { at } from "../support/ledger.ts";
import type { Steps } from "./ledger-steps.ts";
import { type Begin, refusedByX, slot } from "./levers-steps.ts";

/** What a person sees of a dead letter. */
export function deadLettersContract(begin: Begin): void {
  test("are listed newest first, with what the run's report says of their cause", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps, { client: "bolt" });
    await refusedByX(steps, { now: at(10), cause: "content" });
    await steps.claim({ client: "crow" });
    const dead = { state: "dead", reason: "X does not take it", mayHaveLeft: 0, hasPost: false, plannedAt: at(0) };
    expect(await levers.deadLetters()).toEqual([
      { ...dead, slot, client: "acme", endedAt: at(10), cause: "content", draft: "refused" },
      { ...dead, slot: "bolt/2026-11-21T09:00", client: "bolt", endedAt: at(0), draft: "unclear" },
    ]);
  });

  test("that are named come in whatever state they are; one that does not exist has no row", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    await steps.claim({ client: "bolt" });
    const named = await levers.deadLetters(["bolt/2026-11-21T09:00", "crow/1", "'; drop table clara.slot; --"]);
    expect(named).toMatchObject([{ slot: "bolt/2026-11-21T09:00", state: "claimed" }]);
    expect(await levers.deadLetters([])).toEqual([]);
  });
}

/** Which dead letters are taken up again: only those of which no text can have reached X. */
export function retryContract(begin: Begin): void {
  const retry = (levers: Levers, ...slots: string[]) => levers.retry({ slots, now: at(400) });
  const unchanged = async (steps: Steps, levers: Levers) => {
    const before = await steps.everything();
    expect(await retry(levers, slot)).toEqual([{ slot, retried: false }]);
    expect(await steps.everything()).toEqual(before);
  };

  test("of a slot that never had a send puts it back to waiting, and it is posted once", async () => {
    const { levers, steps } = await begin();
    await steps.claim();
    await steps.record("dead", { reason: "another account" });
    expect(await retry(levers, slot)).toEqual([{ slot, retried: true, draft: "none" }]);
    expect(await steps.slotRow()).toMatchObject({ state: "waiting", fence: 2, lease_until: null });
    expect((await steps.openTick({ now: at(401) })).open).toMatchObject([{ id: slot, state: "waiting" }]);
    await steps.send("text", { now: at(402) });
    expect(await steps.record("posted", { fence: 3, postId: "7", now: at(403) })).toBe(true);
    expect(await steps.rows("post")).toHaveLength(1);
  });

  test("of a slot whose send X refused is taken; the same run can't write any more", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    expect(await retry(levers, slot)).toMatchObject([{ retried: true }]);
    expect(await steps.record("dead")).toBe(false);
    expect(await steps.arm()).toMatchObject({ armed: false, why: "fence-lost" });
    expect(await steps.rows("retry")).toMatchObject([{ slot, number: 1, sends: 1, retried_at: expect.any(String) }]);
  });

  test("of a slot whose text may have left, and that a later tick ended, is refused", async () => {
    const { levers, steps } = await begin();
    await steps.send("text");
    await steps.record("unknown");
    await steps.openTick({ run: "run-2", now: at(300) });
    await steps.record("dead", { run: "run-2", fence: 2, now: at(301), reason: "sent to another account" });
    expect(await levers.deadLetters()).toMatchObject([{ slot, mayHaveLeft: 1 }]);
    await unchanged(steps, levers);
  });

  test("of a slot whose run died during the send is refused once it is dead", async () => {
    const { levers, steps } = await begin();
    await steps.send("text");
    await steps.openTick({ run: "run-2", now: at(300) });
    await steps.record("dead", { run: "run-2", fence: 2, now: at(301) });
    await unchanged(steps, levers);
  });

  test.for(["had no clear answer", "was that of a run that died"])(
    "of a slot whose first send %s is refused, though X refused the second one",
    async (first) => {
      const { levers, steps } = await begin();
      await steps.send("text");
      if (first === "had no clear answer") await steps.record("unknown");
      await steps.openTick({ run: "run-2", now: at(300), leaseSeconds: 900 });
      await steps.absent({ fence: 2, now: at(360) });
      await steps.absent({ fence: 2, now: at(420) });
      expect(await steps.arm({ run: "run-2", fence: 2, now: at(430) })).toEqual({ armed: true });
      await steps.record("dead", { run: "run-2", fence: 2, now: at(431) });
      expect(await levers.deadLetters()).toMatchObject([{ mayHaveLeft: 1 }]);
      await unchanged(steps, levers);
    },
  );

  test("of a slot that X deferred and refused later is taken: neither send arrived", async () => {
    const { levers, steps } = await begin();
    await steps.send("text");
    await steps.record("deferred", { reason: "429" });
    await steps.send("text", { now: at(100) });
    await steps.record("dead", { fence: 2, now: at(101) });
    expect(await retry(levers, slot)).toMatchObject([{ retried: true }]);
  });

  test("twice: sends from before the first retry did not arrive, those after it count", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    await retry(levers, slot);
    await steps.claim({ now: at(500) });
    await steps.record("dead", { fence: 3, now: at(501) });
    expect(await retry(levers, slot)).toMatchObject([{ retried: true }]);
    await steps.send("text", { now: at(600) });
    await steps.record("unknown", { fence: 5, now: at(601) });
    await steps.openTick({ run: "run-3", now: at(700) });
    await steps.record("dead", { run: "run-3", fence: 6, now: at(701) });
    await unchanged(steps, levers);
  });

  test.for(["claimed", "armed", "unknown", "posted", "skipped", "missed", "waiting"] as const)(
    "of a slot that is %s is refused",
    async (state) => {
      const { levers, steps } = await begin();
      await steps.send("text");
      await steps.sql(`update clara.slot set state = '${state}'; delete from clara.send`);
      await unchanged(steps, levers);
    },
  );

  test("of a dead letter with a post is refused", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    await steps.sql(`insert into clara.post values ('${slot}', 'acme', '1', '42', now())`);
    expect(await levers.deadLetters()).toMatchObject([{ hasPost: true }]);
    await unchanged(steps, levers);
  });

  test("answers for each slot that exists, and asked again at once it refuses", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    await refusedByX(steps, { client: "bolt" });
    const both = [slot, "bolt/2026-11-21T09:00"];
    const answers = await Promise.all([1, 2].map(() => retry(levers, ...both, "crow/1")));
    expect(
      answers
        .flat()
        .filter(({ retried }) => retried)
        .map((each) => each.slot),
    ).toEqual(both);
    expect(answers.flat()).toHaveLength(4);
    expect(await steps.rows("retry")).toHaveLength(2);
  });
}
