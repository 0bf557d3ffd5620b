import { describe, expect, test } from "vitest";
import type { Strike } from "../../src/ports.ts";
import { distinctText } from "../support/crash-answers.ts";
import { at, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

export const minute = 60;

/** A rule whose first wait is ten minutes, and the longest an hour. */
export function rule(over: Partial<Strike> = {}): Strike {
  return { scope: "x", cause: "app", reason: "X says no", baseMinutes: 10, capMinutes: 60, opensAfter: 1, ...over };
}

/** A client's next slot is sent at an instant and ends so; false when the ledger let it not through. */
export async function sendAt(
  steps: Steps,
  input: { client?: string; seconds: number; outcome?: "posted" | "deferred" | "dead"; strikes?: readonly Strike[] },
): Promise<boolean> {
  const { client = "acme", seconds, outcome = "deferred", strikes = [] } = input;
  const step = { client, slot: `${client}/${seconds}`, now: at(seconds), leaseSeconds: 600 };
  const claim = await steps.claim(step);
  if (claim === undefined) return false;
  const { stored } = await steps.store([distinctText(seconds * 100 + client.charCodeAt(0))], step);
  if (stored === undefined) throw new Error("the text is too similar to an earlier one");
  if (!(await steps.arm(step)).armed) return false;
  const postId = `${client.length}${seconds}`;
  return steps.record(outcome, { ...step, strikes, ...(outcome === "posted" && { postId }) });
}

export async function breaker(steps: Steps, scope: string): Promise<Record<string, unknown> | undefined> {
  return (await steps.rows("breaker")).find((row) => row.scope === scope);
}

/** Seconds on the tests' clock until which a scope rests. */
export async function restsUntil(steps: Steps, scope: string): Promise<number> {
  const row = await breaker(steps, scope);
  return (Date.parse(String(row?.until)) - at(0).getTime()) / 1000;
}

/** How failures are counted, and whom they keep waiting. */
export function breakerContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("a client's wait begins with the first failure and ends by itself while the streak is short", async () => {
    const steps = await begin();
    await sendAt(steps, { seconds: 0, strikes: [rule({ scope: "client", opensAfter: 3 })] });
    const until = await restsUntil(steps, "acme");
    expect(until).toBeGreaterThanOrEqual(10 * minute);
    expect(until).toBeLessThan(12.5 * minute);
    expect(await breaker(steps, "acme")).toMatchObject({ failures: 1, opened_at: null });
    const { clients, breakers } = await steps.ledger.readTick({ now: at(until - 1) });
    expect(breakers).toBeUndefined();
    expect(clients.get("acme")?.backoff?.until).toEqual(at(until));
    expect(await steps.claim({ slot: "acme/2", now: at(until - 1) })).toBeUndefined();
    expect(await steps.claim({ client: "bolt", now: at(0) })).toBeDefined();
    expect(await steps.claim({ slot: "acme/2", now: at(until) })).toBeDefined();
    expect((await steps.ledger.readTick({ now: at(until) })).clients.get("acme")?.backoff).toBeUndefined();
  });

  test("what a breaker holds back at the claim is recorded as owed, with the words that the tick gets", async () => {
    const steps = await begin();
    await sendAt(steps, { seconds: 0, strikes: [rule()] });
    await steps.claim({ slot: "acme/2", now: at(60) });
    const [held] = (await steps.ledger.readTick({ now: at(60) })).breakers ?? [];
    expect(await steps.slotRow("acme/2")).toMatchObject({ state: "waiting", reason: held?.reason });
    const until = new Date(at(0).getTime() + (await restsUntil(steps, "*x")) * 1000).toISOString();
    expect(held).toEqual({
      scope: "x",
      state: "open",
      clients: [],
      reason: `X says no; since 2026-11-21 09:00 UTC; tried again after ${until.slice(0, 16).replace("T", " ")} UTC; "resume" ends the wait`,
    });
  });

  test("the words of a client's breaker name its resume, and how often it failed in a row", async () => {
    const steps = await begin();
    const strikes = [rule({ scope: "client" })];
    await sendAt(steps, { seconds: 0, strikes });
    const second = await restsUntil(steps, "acme");
    await sendAt(steps, { seconds: second, strikes });
    const { clients } = await steps.ledger.readTick({ now: at(second) });
    expect(clients.get("acme")?.backoff?.reason).toMatch(
      /^X says no; since 2026-11-21 09:00 UTC, 2 times in a row; tried again after .* UTC; "resume acme" ends the wait$/,
    );
  });

  test("a streak of a client opens its breaker, and a post in between begins it anew", async () => {
    const steps = await begin();
    const strikes = [rule({ scope: "client", opensAfter: 2 })];
    await sendAt(steps, { seconds: 0, strikes });
    await sendAt(steps, { seconds: 3600, outcome: "posted" });
    expect(await breaker(steps, "acme")).toBeUndefined();
    await sendAt(steps, { seconds: 7200, strikes });
    await sendAt(steps, { seconds: 10_800, strikes });
    expect(await breaker(steps, "acme")).toMatchObject({ failures: 2, opened_at: expect.any(String) });
  });

  test("failures of one cause don't lengthen the wait for another", async () => {
    const steps = await begin();
    await sendAt(steps, { seconds: 0, strikes: [rule({ scope: "client", cause: "one" })] });
    await sendAt(steps, { seconds: 3600, strikes: [rule({ scope: "client", cause: "two" })] });
    expect((await steps.rows("breaker")).map(({ cause, failures }) => ({ cause, failures }))).toEqual([
      { cause: "one", failures: 1 },
      { cause: "two", failures: 1 },
    ]);
  });

  test("what fails while its scope rests already was on its way, and doesn't count", async () => {
    const steps = await begin();
    for (const client of ["acme", "bolt"]) await steps.send(`a text of ${client}`, { client });
    await steps.record("deferred", { strikes: [rule()] });
    const before = await breaker(steps, "*x");
    await steps.record("deferred", { client: "bolt", now: at(5), strikes: [rule({ reason: "again" })] });
    expect(await breaker(steps, "*x")).toEqual(before);
  });

  test("an outcome that is written twice counts once, and one under a lost fence never", async () => {
    const steps = await begin();
    await steps.send("text");
    const strikes = [rule({ scope: "client", baseMinutes: 0, capMinutes: 0 })];
    for (const now of [at(1), at(2)]) expect(await steps.record("deferred", { now, strikes })).toBe(true);
    expect(await steps.record("deferred", { fence: 7, now: at(3), strikes })).toBe(false);
    expect(await breaker(steps, "acme")).toMatchObject({ failures: 1 });
  });

  test("a service waits only from the streak that opens its breaker", async () => {
    const steps = await begin();
    const strikes = [rule({ opensAfter: 3 })];
    for (const seconds of [0, 60]) await sendAt(steps, { seconds, strikes });
    expect(await breaker(steps, "*x")).toMatchObject({ failures: 2, until: null, opened_at: null });
    expect((await steps.ledger.readTick({ now: at(61) })).breakers).toBeUndefined();
    await sendAt(steps, { seconds: 120, strikes });
    expect(await steps.claim({ client: "bolt", now: at(180) })).toBeUndefined();
    expect((await restsUntil(steps, "*x")) - 120).toBeLessThan(12.5 * minute);
  });

  describe("when several clients must agree", () => {
    const several = rule({ opensAfter: 3, severalClients: true });

    test("one client never stops the others, however often it fails", async () => {
      const steps = await begin();
      for (const seconds of [0, 60, 120, 180, 240]) await sendAt(steps, { seconds, strikes: [several] });
      expect(await breaker(steps, "*x")).toMatchObject({ failures: 1, clients: ["acme"], until: null });
      expect(await sendAt(steps, { client: "bolt", seconds: 300, outcome: "posted" })).toBe(true);
    });

    test("three of them in a row open the breaker for all", async () => {
      const steps = await begin();
      for (const [index, client] of ["acme", "bolt", "acme", "cora"].entries()) {
        await sendAt(steps, { client, seconds: index * 60, strikes: [several] });
      }
      expect((await steps.ledger.readTick({ now: at(200) })).breakers).toMatchObject([
        { state: "open", clients: ["acme", "bolt", "cora"], reason: expect.stringContaining(", 3 clients in a row;") },
      ]);
      expect(await steps.claim({ client: "dora", now: at(200) })).toBeUndefined();
    });

    test("a post of anybody in between begins anew", async () => {
      const steps = await begin();
      for (const [index, client] of ["acme", "bolt", "dora", "cora"].entries()) {
        const posts = client === "dora";
        await sendAt(steps, {
          client,
          seconds: index * 60,
          ...(posts ? { outcome: "posted" } : { strikes: [several] }),
        });
      }
      expect(await breaker(steps, "*x")).toMatchObject({ clients: ["cora"], until: null });
    });

    test("a client that failed before can't keep the others stopped when its slot is the one that is tried", async () => {
      const steps = await begin();
      for (const [index, client] of ["acme", "bolt", "cora"].entries()) {
        await sendAt(steps, { client, seconds: index, strikes: [several] });
      }
      const seconds = await restsUntil(steps, "*x");
      expect(await sendAt(steps, { seconds, strikes: [several] })).toBe(true);
      expect(await restsUntil(steps, "*x")).toBe(seconds);
      expect(await sendAt(steps, { client: "dora", seconds: seconds + 1, outcome: "posted" })).toBe(true);
      expect(await breaker(steps, "*x")).toBeUndefined();
    });
  });

  describe("the models", () => {
    const silent = rule({ scope: "model", cause: "no-answer", opensAfter: 2, severalClients: true });

    test("that answer no client keep back slots without a text, and no other", async () => {
      const steps = await begin();
      await sendAt(steps, { client: "cora", seconds: 0 });
      for (const client of ["acme", "bolt"]) {
        await steps.claim({ client });
        await steps.record("skipped", { client, strikes: [silent] });
      }
      expect((await steps.ledger.readTick({ now: at(60) })).open).toMatchObject([{ id: "cora/0", drafted: true }]);
      const due = ["dora/1", "cora/0"].map((slot) => {
        return { slot, client: slot.slice(0, 4), plannedAt: at(0), minGapSeconds: 0 };
      });
      const claims = await steps.claimAll({ now: at(60), due });
      expect(claims.map(({ slot }) => slot)).toEqual(["cora/0"]);
      expect(await steps.arm({ slot: "cora/0", fence: 2, now: at(60) })).toEqual({ armed: true });
    });

    test("that answer somebody end their streak, also with a text that is not posted", async () => {
      const steps = await begin();
      for (const client of ["acme", "bolt"]) {
        await steps.claim({ client });
        await steps.record("skipped", {
          client,
          ...(client === "acme" ? { strikes: [silent] } : { modelAnswered: true }),
        });
      }
      expect(await steps.rows("breaker")).toEqual([]);
    });

    test("are not known to answer because a post with another text went out", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.record("skipped", { strikes: [silent] });
      await sendAt(steps, { client: "bolt", seconds: 60, outcome: "posted" });
      expect(await breaker(steps, "*model")).toMatchObject({ failures: 1 });
    });

    test("that answer a client whose call was on its way stay closed off until one is tried", async () => {
      const steps = await begin();
      for (const client of ["acme", "bolt", "cora"]) await steps.claim({ client });
      for (const client of ["acme", "bolt"]) await steps.record("skipped", { client, strikes: [silent] });
      await steps.record("skipped", { client: "cora", modelAnswered: true });
      const seconds = await restsUntil(steps, "*model");
      const due = ["dora", "emil"].map((client) => ({
        slot: `${client}/1`,
        client,
        plannedAt: at(0),
        minGapSeconds: 0,
      }));
      expect(await steps.claimAll({ now: at(seconds), due })).toMatchObject([{ slot: "dora/1" }]);
      await steps.record("skipped", { client: "dora", slot: "dora/1", now: at(seconds + 1), modelAnswered: true });
      expect(await steps.rows("breaker")).toEqual([]);
    });
  });
}
