import { describe, expect, test } from "vitest";
import { at, day, draftOf, type OpenLedger } from "../support/ledger.ts";
import { stepsOf, takenToSettle } from "./ledger-steps.ts";

const slot = "acme/2026-11-21T09:00";

/** What becomes of a send without a clear answer. */
export function settleContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  describe("open_tick takes", () => {
    test("a send of unknown outcome at once, with all that is needed to settle it", async () => {
      const steps = await begin();
      await steps.send("text", { now: at(7) });
      await steps.record("unknown");
      const { unsettled } = await steps.openTick({ now: at(8), leaseSeconds: 60 });
      expect(unsettled).toEqual([
        {
          ...{ id: slot, client: "acme", plannedAt: at(0), fence: 2, draft: draftOf("text"), xUserId: "42" },
          ...{ armedAt: at(7), sends: 1, absentReads: 0 },
        },
      ]);
      expect(await steps.slotRow()).toMatchObject({ run: "run-2", fence: 2, state: "unknown" });
    });

    test.for([
      { when: "one second before", now: 299, taken: 0 },
      { when: "at the end of", now: 300, taken: 1 },
    ])("an armed send $when its lease: $taken", async ({ now, taken }) => {
      const steps = await begin();
      await steps.send("text");
      const { unsettled } = await steps.openTick({ now: at(now) });
      expect(unsettled).toHaveLength(taken);
      expect(await steps.slotRow()).toMatchObject({ fence: 1 + taken });
    });

    test.for([
      { when: "while the first still holds it", now: 309, taken: 0 },
      { when: "when the first one's lease has ended", now: 310, taken: 1 },
    ])("for a second tick, $when: $taken", async ({ now, taken }) => {
      const steps = await begin();
      await steps.send("text");
      await steps.openTick({ now: at(300), leaseSeconds: 10 });
      expect((await steps.openTick({ run: "run-3", now: at(now) })).unsettled).toHaveLength(taken);
    });

    test("no slot that is claimed, waits or has ended", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.store(["not sent yet"]);
      await steps.claimAll({ deferred: [{ slot: "bolt/1", client: "bolt", plannedAt: at(0), reason: "later" }] });
      await steps.send("text", { client: "cora" });
      await steps.record("posted", { client: "cora", postId: "1" });
      const before = await steps.rows("slot");
      expect((await steps.openTick({ now: at(day) })).unsettled).toEqual([]);
      expect(await steps.rows("slot")).toEqual(before);
    });

    test("a text that was sent twice with what the second send said", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      for (const now of [360, 420]) await steps.absent({ fence: 2, now: at(now) });
      await steps.arm({ fence: 2, now: at(430), xUserId: "43" });
      const { unsettled } = await steps.openTick({ run: "run-3", now: at(2000) });
      expect(unsettled).toMatchObject([{ xUserId: "43", armedAt: at(430), sends: 2, absentReads: 0 }]);
    });

    test("the oldest first, counting sends that may have left and not those that surely did not", async () => {
      const steps = await begin();
      await steps.send("one", { slot: "acme/late" });
      await steps.record("deferred", { slot: "acme/late" });
      await steps.send("one", { slot: "acme/late" });
      await steps.claim({ client: "bolt", plannedAt: at(-60) });
      await steps.store(["two is another text"], { client: "bolt" });
      await steps.arm({ client: "bolt" });
      const { unsettled } = await steps.openTick({ now: at(day) });
      expect(unsettled.map(({ id, sends }) => [id, sends])).toEqual([
        ["bolt/2026-11-21T09:00", 1],
        ["acme/late", 1],
      ]);
    });
  });

  describe("a text that an earlier run may have sent", () => {
    test("found on the timeline is posted, with the instant it left", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      expect(await steps.record("posted", { fence: 2, postId: "9", now: at(310) })).toBe(true);
      const [post] = await steps.rows("post");
      expect(new Date(String(post?.posted_at))).toEqual(at(0));
      expect(await steps.rows("send")).toMatchObject([{ outcome: "posted" }]);
    });

    test("stays unknown when its settling is deferred: deferring proves nothing", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      expect(await steps.record("deferred", { fence: 2, reason: "rate limit on reads" })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({
        state: "unknown",
        lease_until: null,
        reason: "rate limit on reads",
      });
      expect(await steps.rows("send")).toMatchObject([{ outcome: "unknown" }]);
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining({ held_posts: 1 })));
      expect(await steps.record("deferred", { fence: 2, reason: "rate limit on reads" })).toBe(true);
      expect(await steps.claim({ now: at(day) })).toBeUndefined();
    });

    test("stays unknown when the crash came before any answer and its settling is deferred", async () => {
      const steps = await begin();
      await steps.send("text");
      await steps.openTick({ now: at(300) });
      expect(await steps.record("deferred", { fence: 2 })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({ state: "unknown" });
      expect(await steps.rows("send")).toMatchObject([{ outcome: null }]);
    });

    test("stays unknown when the second send surely did not leave, and can leave again after two more reads", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      for (const now of [360, 420]) await steps.absent({ fence: 2, now: at(now) });
      await steps.arm({ fence: 2, now: at(430) });
      expect(await steps.record("deferred", { fence: 2, now: at(431), reason: "429" })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({ state: "unknown", lease_until: null });
      expect((await steps.rows("send")).map((row) => row.outcome)).toEqual(["unknown", "deferred"]);
      expect((await steps.openTick({ run: "run-3", now: at(500), leaseSeconds: 900 })).unsettled).toMatchObject([
        { sends: 1 },
      ]);
      for (const now of [500, 560]) await steps.absent({ fence: 3, now: at(now) });
      expect(await steps.arm({ fence: 3, now: at(570) })).toEqual({ armed: true });
    });

    test("stays unknown also when the run that sent it twice says so of its second send", async () => {
      const steps = await begin();
      await steps.send("text");
      for (const now of [60, 120]) await steps.absent({ now: at(now) });
      await steps.arm({ now: at(130) });
      expect(await steps.record("deferred", { now: at(131) })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({ state: "unknown", lease_until: null });
    });

    test("ends as a dead letter when a person must look", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      expect(await steps.record("dead", { fence: 2, reason: "sent twice, seen never" })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({ state: "dead" });
      expect((await steps.openTick({ run: "run-3", now: at(10 * day) })).unsettled).toEqual([]);
    });
  });
}
