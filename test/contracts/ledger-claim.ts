import { describe, expect, test } from "vitest";
import { at, day, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

const slot = "acme/2026-11-21T09:00";
const other = "acme/2026-11-21T10:00";

function named(id: string, client = "acme") {
  return { slot: id, client, plannedAt: at(0) };
}

/** Which slots a run wins. */
export function claimContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("a new slot is won with fence 1, and stands claimed until the lease ends", async () => {
    const steps = await begin();
    const claim = await steps.claim({ now: at(5), leaseSeconds: 60, plannedAt: at(0) });
    expect(claim).toEqual({ slot, fence: 1, recentTexts: [], recentFallbacks: [], recentLinks: 0 });
    const row = await steps.slotRow();
    expect(row).toMatchObject({ client: "acme", state: "claimed", fence: 1, run: "run-1", reason: null });
    expect(new Date(String(row.planned_at))).toEqual(at(0));
    expect(new Date(String(row.lease_until))).toEqual(at(65));
  });

  test.for([
    { when: "one second before the lease ends", now: 299, fence: undefined },
    { when: "at the instant the lease ends", now: 300, fence: 2 },
  ])("$when, another run gets fence $fence", async ({ now, fence }) => {
    const steps = await begin();
    await steps.claim({ leaseSeconds: 300 });
    expect((await steps.claim({ run: "run-2", now: at(now) }))?.fence).toBe(fence);
    expect(await steps.slotRow()).toMatchObject({ fence: fence ?? 1, run: fence ? "run-2" : "run-1" });
  });

  test("a waiting slot is claimed, and its reason for waiting is gone", async () => {
    const steps = await begin();
    await steps.claimAll({ deferred: [{ ...named(slot), reason: "min_gap" }] });
    expect((await steps.claim())?.fence).toBe(1);
    expect(await steps.slotRow()).toMatchObject({ state: "claimed", reason: null });
  });

  test.for(["posted", "skipped", "missed", "dead", "unknown"] as const)(
    "a slot that ended as %s is never claimed again",
    async (outcome) => {
      const steps = await begin();
      await steps.send("text");
      await steps.record(outcome, { postId: "1" });
      expect(await steps.claim({ run: "run-2", now: at(10 * day) })).toBeUndefined();
      expect(await steps.slotRow()).toMatchObject({ state: outcome, fence: 1 });
    },
  );

  test("an armed slot is never claimed, even when its lease has ended", async () => {
    const steps = await begin();
    await steps.send("text");
    expect(await steps.claim({ run: "run-2", now: at(10 * day) })).toBeUndefined();
  });

  test.for([
    { when: "one second too early", now: 3599, won: false },
    { when: "at the end of the gap", now: 3600, won: true },
  ])("min_gap counts from the last send: $when", async ({ now, won }) => {
    const steps = await begin();
    await steps.send("text");
    await steps.record("posted", { postId: "1" });
    expect((await steps.claim({ slot: other, now: at(now), minGapSeconds: 3600 })) !== undefined).toBe(won);
  });

  test("a slot that loses the race waits in the ledger and is won later", async () => {
    const steps = await begin();
    await steps.send("text");
    await steps.record("posted", { postId: "1" });
    expect(await steps.claim({ slot: other, now: at(60), minGapSeconds: 3600 })).toBeUndefined();
    const lost = await steps.rows("slot");
    expect(lost.map(({ id, state }) => [id, state]).sort()).toEqual([
      [slot, "posted"],
      [other, "waiting"],
    ]);
    expect((await steps.ledger.readTick({ now: at(60) })).open).toMatchObject([{ id: other, state: "waiting" }]);
    expect((await steps.claim({ slot: other, now: at(3600), minGapSeconds: 3600 }))?.fence).toBe(1);
  });

  test.for(["*", "acme"])("nothing is claimed while %s is halted; another client only minds '*'", async (scope) => {
    const steps = await begin();
    await steps.sql("insert into clara.halt values ($1, 'a person said stop', now())", [scope]);
    expect(await steps.claim()).toBeUndefined();
    expect((await steps.claim({ client: "bolt" })) !== undefined).toBe(scope === "acme");
  });

  describe.for(["*", "acme"])("back-off of %s", (scope) => {
    test.for([
      { when: "before its end", now: 59, won: false },
      { when: "at its end", now: 60, won: true },
    ])("$when", async ({ now, won }) => {
      const steps = await begin();
      await steps.sql("insert into clara.backoff values ($1, $2, 'rate limit')", [scope, at(60).toISOString()]);
      expect((await steps.claim({ now: at(now) })) !== undefined).toBe(won);
      expect((await steps.claim({ client: "bolt", now: at(now) })) !== undefined).toBe(won || scope === "acme");
    });
  });

  describe("another slot of the same client", () => {
    const inFlight: { what: string; prepare: (steps: Steps) => Promise<unknown>; won: boolean }[] = [
      { what: "under a live lease", prepare: (s) => s.claim({ slot: other, leaseSeconds: 900 }), won: false },
      { what: "whose lease has ended", prepare: (s) => s.claim({ slot: other, leaseSeconds: 100 }), won: true },
      { what: "that is armed", prepare: (s) => s.send("text", { slot: other, leaseSeconds: 1 }), won: false },
      {
        what: "of unknown outcome",
        prepare: async (s) => {
          await s.send("text", { slot: other });
          await s.record("unknown", { slot: other });
        },
        won: false,
      },
      {
        what: "that was posted",
        prepare: async (s) => {
          await s.send("text", { slot: other });
          await s.record("posted", { slot: other });
        },
        won: true,
      },
      {
        what: "that waits",
        prepare: (s) => s.claimAll({ deferred: [{ ...named(other), reason: "later" }] }),
        won: true,
      },
    ];
    test.for(inFlight)("$what: the claim is won: $won", async ({ prepare, won }) => {
      const steps = await begin();
      await prepare(steps);
      expect((await steps.claim({ run: "run-2", now: at(100) })) !== undefined).toBe(won);
    });

    test("of another client does not matter", async () => {
      const steps = await begin();
      await steps.send("text", { client: "bolt" });
      expect(await steps.claim()).toBeDefined();
    });
  });

  test("one call claims many clients, in the order given", async () => {
    const steps = await begin();
    const due = ["zeta", "acme", "bolt"].map((client) => ({ ...named(`${client}/s`, client), minGapSeconds: 0 }));
    const claims = await steps.claimAll({ due });
    expect(claims.map((claim) => claim.slot)).toEqual(["zeta/s", "acme/s", "bolt/s"]);
  });
}
