import { describe, expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { stepsOf, takenToSettle } from "./ledger-steps.ts";

/** When a read without the post counts: X may show a post late. */
export function absenceContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  describe("an absence", () => {
    const reads: { when: string; at: readonly number[]; counts: readonly number[] }[] = [
      { when: "59 s after the send", at: [59], counts: [0] },
      { when: "60 s after the send", at: [60], counts: [1] },
      { when: "59 s after the last one that counted", at: [60, 119], counts: [1, 1] },
      { when: "60 s after the last one that counted", at: [60, 120], counts: [1, 2] },
      { when: "after one that did not count", at: [30, 60, 90, 120], counts: [0, 1, 1, 2] },
      { when: "with a clock that went back", at: [60, 10], counts: [1, 1] },
    ];
    test.for(reads)("$when", async ({ at: instants, counts }) => {
      const steps = await begin();
      await steps.send("text");
      const counted: number[] = [];
      for (const now of instants) counted.push(await steps.absent({ now: at(now) }));
      expect(counted).toEqual(counts);
    });

    test("counts from the latest send", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      await steps.absent({ fence: 2, now: at(360) });
      await steps.absent({ fence: 2, now: at(420) });
      await steps.arm({ fence: 2, now: at(430) });
      expect(await steps.absent({ fence: 2, now: at(489) })).toBe(0);
      expect(await steps.absent({ fence: 2, now: at(490) })).toBe(1);
    });

    test("once: the lease ends so that the next tick reads again; twice: the reader still holds it", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      await steps.absent({ fence: 2, now: at(360) });
      expect(await steps.slotRow()).toMatchObject({ state: "unknown", lease_until: null, absent_reads: 1 });
      const { unsettled } = await steps.openTick({ run: "run-3", now: at(420), leaseSeconds: 900 });
      expect(unsettled).toMatchObject([{ fence: 3, absentReads: 1 }]);
      expect(await steps.absent({ fence: 3, now: at(420) })).toBe(2);
      expect((await steps.openTick({ run: "run-4", now: at(1319) })).unsettled).toEqual([]);
      expect((await steps.openTick({ run: "run-4", now: at(1320) })).unsettled).toMatchObject([{ absentReads: 2 }]);
    });

    test("under an older fence, or of a slot that was not sent, is not counted", async () => {
      const steps = await begin();
      await takenToSettle(steps);
      await steps.claim({ client: "bolt" });
      const before = await steps.everything();
      expect(await steps.absent({ fence: 1, now: at(400) })).toBe(0);
      expect(await steps.absent({ client: "bolt", now: at(400) })).toBe(0);
      expect(await steps.absent({ slot: "acme/none", now: at(400) })).toBe(0);
      expect(await steps.everything()).toEqual(before);
    });

    test("is paid for with the first; from the second on the next write pays", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.reserve({ worst: { xUsd: 0.2 } });
      await steps.store(["text"]);
      await steps.arm();
      await steps.record("unknown");
      await steps.openTick({ run: "run-2", now: at(300) });
      await steps.absent({ fence: 2, now: at(300), xUsd: 0.005 });
      const afterOne = { usd: 0.005, held_usd: 0.195 };
      expect(await steps.slotRow()).toMatchObject({ x_usd: 0.005 });
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(afterOne)));
      await steps.openTick({ run: "run-3", now: at(400) });
      await steps.absent({ fence: 3, now: at(400), xUsd: 0.01 });
      expect(await steps.slotRow()).toMatchObject({ x_usd: 0.005 });
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(afterOne)));
    });

    test("of a slot that was posted in the meantime is not counted", async () => {
      const steps = await begin();
      await steps.send("text");
      await steps.record("posted", { postId: "1" });
      expect(await steps.absent({ now: at(400) })).toBe(0);
      expect(await steps.slotRow()).toMatchObject({ state: "posted", absent_reads: 0 });
    });
  });
}
