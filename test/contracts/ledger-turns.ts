import { describe, expect, test } from "vitest";
import type { OutcomeInput } from "../../src/ports.ts";
import { at, type OpenLedger } from "../support/ledger.ts";
import { restsUntil, rule } from "./ledger-breakers.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

async function lastTurnAt(steps: Steps, client = "acme"): Promise<Date | undefined> {
  return (await steps.ledger.readTick({ now: at(0) })).clients.get(client)?.lastTurnAt;
}

const until = at(600);

/** Which slots that go back to waiting were their client's turn: schemas/sql/0017_deferred_turns.sql has the rule. */
export function turnContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  describe("a slot that is put back", () => {
    test.for<{ when: string; what: Partial<OutcomeInput>; turn: boolean }>([
      { when: "a cause that says so", what: { ownTurn: true }, turn: true },
      { when: "a back-off of its client", what: { backoff: { scope: "client", until, reason: "429" } }, turn: true },
      { when: "a strike of its client", what: { strikes: [rule(), rule({ scope: "client" })] }, turn: true },
      { when: "nothing that is said", what: {}, turn: false },
      { when: "a cause that says it is not", what: { ownTurn: false, modelAnswered: true }, turn: false },
      { when: "a back-off of everybody", what: { backoff: { scope: "all", until, reason: "429" } }, turn: false },
      { when: "strikes of services", what: { strikes: [rule(), rule({ scope: "model" })] }, turn: false },
    ])("for $when was a turn: $turn", async ({ what, turn }) => {
      const steps = await begin();
      await steps.claim();
      await steps.record("deferred", { ...what, now: at(25) });
      expect(await steps.slotRow()).toMatchObject({ state: "waiting" });
      expect(await lastTurnAt(steps)).toEqual(turn ? at(25) : undefined);
    });

    test("was the turn of its own client only, and once, at the first writing", async () => {
      const steps = await begin();
      for (const client of ["acme", "bolt"]) await steps.claim({ client });
      for (const seconds of [25, 30]) await steps.record("deferred", { ownTurn: true, now: at(seconds) });
      expect([await lastTurnAt(steps), await lastTurnAt(steps, "bolt")]).toEqual([at(25), undefined]);
    });

    test("after a send was a turn when that was the client's own, although no send is left", async () => {
      const steps = await begin();
      await steps.send("text");
      await steps.record("deferred", { strikes: [rule({ scope: "client" })], now: at(25) });
      const { clients } = await steps.ledger.readTick({ now: at(30) });
      expect(clients.get("acme")).toMatchObject({ lastTurnAt: at(25) });
      expect(clients.get("acme")).not.toHaveProperty("lastSentAt");
    });

    test("by a run that lost its fence was none", async () => {
      const steps = await begin();
      await steps.claim({ leaseSeconds: 60 });
      await steps.claim({ now: at(60) });
      expect(await steps.record("deferred", { ownTurn: true, fence: 1, now: at(61) })).toBe(false);
      expect(await lastTurnAt(steps)).toBeUndefined();
    });

    test("to those whose first send is unclear was none: the send was", async () => {
      const steps = await begin();
      await steps.send("text", { now: at(5) });
      await steps.record("unknown");
      await steps.openTick({ now: at(300) });
      const strikes = [rule({ scope: "client" })];
      expect(await steps.record("deferred", { fence: 2, strikes, ownTurn: true, now: at(310) })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({ state: "unknown" });
      expect(await lastTurnAt(steps)).toEqual(at(5));
    });
  });

  test("what was not held for was no turn: a client's budget says nothing of the others", async () => {
    const steps = await begin();
    await steps.claim();
    expect(await steps.reserve({ limits: { postsPerDay: 0 }, now: at(5) })).toMatchObject({ granted: false });
    expect(await lastTurnAt(steps)).toBeUndefined();
  });

  test("the slot that was tried for X was a turn, whatever sent it back; one before the breaker opened was none", async () => {
    const steps = await begin();
    for (const client of ["acme", "bolt"]) await steps.claim({ client });
    await steps.record("deferred", { strikes: [rule()] });
    await steps.record("deferred", { client: "bolt", now: at(5) });
    const now = at(await restsUntil(steps, "*x"));
    await steps.claim({ now });
    await steps.record("deferred", { fence: 2, now });
    expect([await lastTurnAt(steps), await lastTurnAt(steps, "bolt")]).toEqual([now, undefined]);
  });

  test("a slot that was tried by a run that died is tried no more once its text is written", async () => {
    const steps = await begin();
    await steps.claim({ client: "bolt" });
    await steps.record("deferred", { client: "bolt", strikes: [rule({ scope: "model" })] });
    const seconds = await restsUntil(steps, "*model");
    await steps.claim({ now: at(seconds), leaseSeconds: 60 });
    await steps.store(["text"], { now: at(seconds), leaseSeconds: 60 });
    expect(await steps.claim({ now: at(seconds + 60) })).toMatchObject({ fence: 2, draft: { text: "text" } });
    const over = { limits: { postsPerDay: 0 } };
    expect(await steps.reserve({ ...over, fence: 2, now: at(seconds + 61) })).toMatchObject({ granted: false });
    await steps.claim({ now: at(seconds + 62) });
    await steps.record("deferred", { fence: 3, now: at(seconds + 63) });
    expect(await lastTurnAt(steps)).toBeUndefined();
  });

  test("the slot that was tried was a turn too when it was not held for, and another client's is tried next", async () => {
    const steps = await begin();
    for (const client of ["acme", "bolt", "cora"]) await steps.claim({ client });
    await steps.record("deferred", { client: "cora", strikes: [rule()] });
    for (const client of ["acme", "bolt"]) await steps.record("deferred", { client });
    const seconds = await restsUntil(steps, "*x");
    const [now, over] = [at(seconds), { limits: { postsPerDay: 0 } }];
    await steps.claim({ now });
    expect(await steps.reserve({ ...over, fence: 1, now })).toMatchObject({ granted: false });
    expect(await lastTurnAt(steps)).toBeUndefined();
    expect(await steps.reserve({ ...over, fence: 2, now })).toMatchObject({ granted: false });
    // Asked again it is claimed no more, and nothing new is said of it.
    await steps.reserve({ ...over, fence: 2, now: at(seconds + 1) });
    expect(await lastTurnAt(steps)).toEqual(now);
    await steps.claim({ client: "bolt", now });
    expect(await steps.reserve({ client: "bolt", fence: 2, now: at(seconds + 1) })).toMatchObject({ granted: true });
    expect(await lastTurnAt(steps, "bolt")).toBeUndefined();
  });
}
