import { expect, test } from "vitest";
import { at } from "../support/ledger.ts";
import type { Begin } from "./levers-steps.ts";

/** Who is stopped by a halt, and what it answers with. */
export function haltContract(begin: Begin): void {
  test.for(["*", "acme"])(
    "of %s stops a claim and a slot that is being worked on; a resume lets both go on",
    async (scope) => {
      const { levers, steps } = await begin();
      await steps.claim();
      await steps.store(["text"]);
      expect(await levers.halt({ scope, why: "wrong numbers", now: at(1) })).toEqual([]);
      expect(await steps.arm()).toEqual({ armed: false, why: "halted", reason: "halted: wrong numbers" });
      expect(await steps.claim({ slot: "acme/2026-11-21T10:00", now: at(900) })).toBeUndefined();
      expect(await levers.resume({ scope, now: at(900) })).toEqual({
        before: [{ scope, why: "wrong numbers", haltedAt: at(1) }],
        ended: [],
      });
      expect(await steps.arm()).toEqual({ armed: true });
    },
  );

  test("of one client leaves the others alone", async () => {
    const { levers, steps } = await begin();
    await levers.halt({ scope: "acme", why: "w", now: at(0) });
    expect(await steps.claim({ client: "bolt" })).toBeDefined();
    expect(await steps.claim()).toBeUndefined();
  });

  test("again gives the new reason, and answers with every halt before", async () => {
    const { levers, steps } = await begin();
    await levers.halt({ scope: "bolt", why: "one", now: at(0) });
    await levers.halt({ scope: "*", why: "two", now: at(1) });
    const before = [
      { scope: "*", why: "two", haltedAt: at(1) },
      { scope: "bolt", why: "one", haltedAt: at(0) },
    ];
    expect(await levers.halt({ scope: "*", why: "three", now: at(2) })).toEqual(before);
    expect(await steps.openTick()).toMatchObject({ halted: "three" });
  });

  test("is lifted for exactly the scope that is named", async () => {
    const { levers, steps } = await begin();
    await levers.halt({ scope: "*", why: "all", now: at(0) });
    await levers.halt({ scope: "acme", why: "one", now: at(0) });
    expect((await levers.resume({ scope: "bolt", now: at(1) })).before).toHaveLength(2);
    await levers.resume({ scope: "*", now: at(1) });
    expect(await steps.rows("halt")).toMatchObject([{ scope: "acme" }]);
  });

  test("takes a reason with any characters", async () => {
    const { levers, steps } = await begin();
    await levers.halt({ scope: "*", why: "a\u0000'; drop table clara.halt; --\ud83d", now: at(0) });
    expect(await steps.rows("halt")).toMatchObject([{ why: "a\ufffd'; drop table clara.halt; --\ufffd" }]);
  });
}
