import { describe, expect, test } from "vitest";
import { at, type OpenLedger } from "../support/ledger.ts";
import { stepsOf } from "./ledger-steps.ts";

const lost = { armed: false, why: "fence-lost", reason: "another run took this slot" };

/** When a text may leave. */
export function armContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("the intent is stored before the send: slot, send, account, lease, and the client's last send", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.store(["text"]);
    expect(await steps.arm({ now: at(10), leaseSeconds: 60, fingerprint: "f9", xUserId: "77" })).toEqual({
      armed: true,
    });
    expect(await steps.slotRow()).toMatchObject({ state: "armed", absent_reads: 0 });
    expect(await steps.rows("send")).toMatchObject([
      { number: 1, run: "run-1", fence: 1, x_user_id: "77", outcome: null, answered_at: null },
    ]);
    const state = await steps.ledger.readTick({ now: at(10) });
    expect(state.clients.get("acme")).toEqual({
      lastSentAt: at(10),
      lastTurnAt: at(10),
      accounts: new Map([["f9", "77"]]),
    });
    expect(state.open).toEqual([
      { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: at(0), state: "armed", leaseUntil: at(70) },
    ]);
  });

  test("an account is remembered with what was proven last", async () => {
    const steps = await begin();
    await steps.send("one");
    await steps.record("posted", { postId: "1" });
    await steps.claim({ slot: "acme/2" });
    await steps.store(["two"], { slot: "acme/2" });
    await steps.arm({ slot: "acme/2", xUserId: "43" });
    const { clients } = await steps.ledger.readTick({ now: at(0) });
    expect(clients.get("acme")?.accounts).toEqual(new Map([["f1", "43"]]));
  });

  test("an account is known to the client it was proven for, and to no other", async () => {
    const steps = await begin();
    await steps.send("one");
    await steps.claim({ client: "bolt" });
    const { clients } = await steps.ledger.readTick({ now: at(0) });
    expect(clients.get("bolt")?.accounts).toEqual(new Map());
  });

  test("nothing is armed without a draft", async () => {
    const steps = await begin();
    await steps.claim();
    const before = await steps.everything();
    expect(await steps.arm()).toEqual(lost);
    expect(await steps.everything()).toEqual(before);
  });

  test.for([
    { what: "an older fence", step: { fence: 1 } },
    { what: "a slot that is not there", step: { slot: "acme/none", fence: 2 } },
  ])("$what arms nothing", async ({ step }) => {
    const steps = await begin();
    await steps.claim();
    await steps.store(["text"]);
    await steps.claim({ run: "run-2", now: at(300) });
    const before = await steps.everything();
    expect(await steps.arm(step)).toEqual(lost);
    expect(await steps.everything()).toEqual(before);
  });

  test.for(["posted", "skipped", "dead", "missed", "deferred"] as const)(
    "a slot that was recorded as %s is not armed again under its fence",
    async (outcome) => {
      const steps = await begin();
      await steps.send("text");
      await steps.record(outcome, { postId: "1" });
      expect(await steps.arm()).toEqual(lost);
    },
  );

  test("a fence that nobody took is still good after the lease has ended", async () => {
    const steps = await begin();
    await steps.claim({ leaseSeconds: 60 });
    await steps.store(["text"], { leaseSeconds: 60 });
    expect(await steps.arm({ now: at(3600) })).toEqual({ armed: true });
  });

  describe("refused before the text can leave, with nothing written", () => {
    test("after the lease has ended, while another slot of the client is being served", async () => {
      const steps = await begin();
      await steps.claim({ leaseSeconds: 60 });
      await steps.store(["text"], { leaseSeconds: 60 });
      await steps.claim({ slot: "acme/2", now: at(60) });
      const before = await steps.everything();
      expect(await steps.arm({ now: at(60) })).toMatchObject({ armed: false, why: "fence-lost" });
      expect(await steps.everything()).toEqual(before);
    });

    test.for(["*", "acme"])("while %s is halted", async (scope) => {
      const steps = await begin();
      await steps.claim();
      await steps.store(["text"]);
      await steps.sql("insert into clara.halt values ($1, 'wrong tone', now())", [scope]);
      const before = await steps.everything();
      expect(await steps.arm()).toEqual({ armed: false, why: "halted", reason: "halted: wrong tone" });
      expect(await steps.everything()).toEqual(before);
    });

    test.for(["*", "acme"])("while %s is backing off, up to the end", async (scope) => {
      const steps = await begin();
      await steps.claim();
      await steps.store(["text"]);
      await steps.sql("insert into clara.backoff values ($1, $2, 'rate limit')", [scope, at(60).toISOString()]);
      const before = await steps.everything();
      expect(await steps.arm({ now: at(59) })).toEqual({ armed: false, why: "backing-off", reason: "rate limit" });
      expect(await steps.everything()).toEqual(before);
      expect(await steps.arm({ now: at(60) })).toEqual({ armed: true });
    });

    test("another client's halt and back-off don't matter", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.store(["text"]);
      await steps.sql("insert into clara.halt values ('bolt', 'wrong tone', now())");
      await steps.sql("insert into clara.backoff values ('bolt', 'infinity', 'rate limit')");
      expect(await steps.arm()).toEqual({ armed: true });
    });
  });

  describe("a text that may have left", () => {
    const twice = { armed: false, why: "sent-twice", reason: "the text may have left already" };

    test("is not armed again while the answer is awaited", async () => {
      const steps = await begin();
      await steps.send("text");
      expect(await steps.arm()).toEqual(twice);
    });

    test.for([
      { reads: 0, armed: false },
      { reads: 1, armed: false },
      { reads: 2, armed: true },
    ])("is sent again after $reads reads without it: $armed", async ({ reads, armed }) => {
      const steps = await begin();
      await steps.send("text");
      await steps.record("unknown");
      await steps.openTick({ now: at(300), leaseSeconds: 900 });
      for (let read = 1; read <= reads; read += 1) await steps.absent({ fence: 2, now: at(300 + read * 60) });
      const again = await steps.arm({ run: "run-2", fence: 2, now: at(500) });
      expect(again).toEqual(armed ? { armed } : twice);
      expect(await steps.rows("send")).toHaveLength(armed ? 2 : 1);
    });

    test("never leaves a third time, however often it is absent", async () => {
      const steps = await begin();
      await steps.send("text");
      await steps.openTick({ now: at(300), leaseSeconds: 900 });
      await steps.absent({ fence: 2, now: at(360) });
      await steps.absent({ fence: 2, now: at(420) });
      expect(await steps.arm({ fence: 2, now: at(430) })).toEqual({ armed: true });
      expect(await steps.slotRow()).toMatchObject({ state: "armed", absent_reads: 0, last_read_at: null });
      for (const now of [500, 560, 620]) await steps.absent({ fence: 2, now: at(now) });
      expect(await steps.arm({ fence: 2, now: at(630) })).toEqual(twice);
    });

    test("is free again when X certainly did not take it", async () => {
      const steps = await begin();
      await steps.send("text");
      await steps.record("deferred", { reason: "connection refused" });
      expect((await steps.claim({ now: at(10) }))?.fence).toBe(2);
      expect(await steps.arm({ fence: 2, now: at(10) })).toEqual({ armed: true });
    });
  });
}
