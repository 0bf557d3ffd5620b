import { describe, expect, test } from "vitest";
import { at, day, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

const nothingHeld = { held_posts: 0, held_completions: 0, held_usd: 0 };

/** Claims, reserves, stores and arms. */
async function armed(steps: Steps): Promise<void> {
  await steps.claim();
  await steps.reserve();
  await steps.store(["text"], { completions: 1, usd: 0.002 });
  await steps.arm({ now: at(20) });
}

async function lastSentAt(steps: Steps): Promise<Date | undefined> {
  return (await steps.ledger.readTick({ now: at(0) })).clients.get("acme")?.lastSentAt;
}

async function lastTurnAt(steps: Steps): Promise<Date | undefined> {
  return (await steps.ledger.readTick({ now: at(0) })).clients.get("acme")?.lastTurnAt;
}

/** How a run's work on a slot ends. */
export function outcomeContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("posted: the post is kept with the instant it left, and what it cost is spent", async () => {
    const steps = await begin();
    await armed(steps);
    expect(await steps.record("posted", { postId: "1859", xUsd: 0.015, now: at(25) })).toBe(true);
    expect(await steps.slotRow()).toMatchObject({ state: "posted", lease_until: null, x_usd: 0.015, model_usd: 0.002 });
    const [post] = await steps.rows("post");
    expect(post).toMatchObject({ client: "acme", post_id: "1859", x_user_id: "42" });
    expect(new Date(String(post?.posted_at))).toEqual(at(20));
    expect(await steps.rows("send")).toMatchObject([{ outcome: "posted" }]);
    expect(await steps.rows("hold")).toEqual([]);
    const spent = { posts: 1, completions: 1, usd: 0.017, ...nothingHeld };
    expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(spent)));
    expect(await lastSentAt(steps)).toEqual(at(20));
  });

  test("posted without an id is a post that X only called a duplicate", async () => {
    const steps = await begin();
    await armed(steps);
    await steps.record("posted");
    expect(await steps.rows("post")).toMatchObject([{ post_id: null }]);
  });

  test.for(["skipped", "missed", "dead"] as const)(
    "%s: ends the slot and the client's turn, and the send does not count for min_gap",
    async (outcome) => {
      const steps = await begin();
      await armed(steps);
      expect(await steps.record(outcome, { reason: "content refused", xUsd: 0.01, now: at(25) })).toBe(true);
      expect(await steps.slotRow()).toMatchObject({ state: outcome, reason: "content refused", lease_until: null });
      expect(await steps.rows("send")).toMatchObject([{ outcome, reason: "content refused" }]);
      expect(await steps.rows("post")).toEqual([]);
      const spent = { posts: 0, completions: 1, usd: 0.012, ...nothingHeld };
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(spent)));
      expect(await lastSentAt(steps)).toBeUndefined();
      expect(await lastTurnAt(steps)).toEqual(at(25));
    },
  );

  test("a slot that ends unsent was the client's turn, and one that is put back was none", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.record("deferred", { reason: "rate limit", now: at(25) });
    expect(await lastTurnAt(steps)).toBeUndefined();
    await steps.claim();
    await steps.record("skipped", { reason: "no text", now: at(30), fence: 2 });
    expect(await lastTurnAt(steps)).toEqual(at(30));
  });

  test("a send that failed gives the client's earlier post back as its last", async () => {
    const steps = await begin();
    await armed(steps);
    await steps.record("posted", { postId: "1" });
    await steps.send("another", { slot: "acme/2", now: at(900) });
    expect(await lastSentAt(steps)).toEqual(at(900));
    await steps.send("of another client", { client: "bolt", now: at(902) });
    await steps.record("posted", { client: "bolt", postId: "2" });
    await steps.record("dead", { slot: "acme/2", now: at(905) });
    expect(await lastSentAt(steps)).toEqual(at(20));
  });

  test("deferred: the slot waits with its draft, and nothing is held", async () => {
    const steps = await begin();
    await armed(steps);
    expect(await steps.record("deferred", { reason: "rate limit" })).toBe(true);
    expect(await steps.slotRow()).toMatchObject({ state: "waiting", reason: "rate limit", lease_until: null });
    expect(await steps.rows("send")).toMatchObject([{ outcome: "deferred" }]);
    expect(await steps.rows("hold")).toEqual([]);
    expect(await lastSentAt(steps)).toBeUndefined();
    expect(await steps.claim({ now: at(30) })).toMatchObject({ fence: 2, draft: { text: "text" } });
  });

  test("unknown: the lease ends, the send counts for min_gap, and the rest of the worst case stays held", async () => {
    const steps = await begin();
    await armed(steps);
    expect(await steps.record("unknown", { reason: "timeout", xUsd: 0.01 })).toBe(true);
    expect(await steps.slotRow()).toMatchObject({ state: "unknown", lease_until: null, x_usd: 0.01 });
    expect(await steps.rows("send")).toMatchObject([{ outcome: "unknown", reason: "timeout" }]);
    const held = { posts: 0, usd: 0.012, held_posts: 1, held_usd: 0.005 };
    expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(held)));
    expect(await lastSentAt(steps)).toEqual(at(20));
    await steps.openTick({ now: at(30) });
    await steps.record("posted", { fence: 2, postId: "1", xUsd: 0.005 });
    const spent = { posts: 1, usd: 0.017, ...nothingHeld };
    expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(spent)));
  });

  test("a slot that was never armed ends without touching sends and the last send, even an unsettled one", async () => {
    const steps = await begin();
    await steps.claim({ slot: "acme/slow", leaseSeconds: 1 });
    await steps.send("text", { now: at(900) });
    expect(await steps.record("skipped", { slot: "acme/slow", reason: "no text passed" })).toBe(true);
    expect(await steps.rows("send")).toMatchObject([{ outcome: null }]);
    expect(await lastSentAt(steps)).toEqual(at(900));
  });

  test.for(["posted", "unknown"] as const)("%s without a send is refused, and nothing is written", async (outcome) => {
    const steps = await begin();
    await steps.claim();
    const before = await steps.everything();
    await expect(steps.record(outcome, { postId: "1" })).rejects.toMatchObject({ kind: "rejected" });
    expect(await steps.everything()).toEqual(before);
  });

  test("an outcome that is no outcome is refused", async () => {
    const steps = await begin();
    await steps.claim();
    await expect(steps.record("armed" as "dead")).rejects.toMatchObject({ kind: "rejected" });
  });

  test("one post of X cannot stand for two slots", async () => {
    const steps = await begin();
    await armed(steps);
    await steps.record("posted", { postId: "1" });
    await steps.send("another", { slot: "acme/2", now: at(900) });
    const again = steps.record("posted", { slot: "acme/2", postId: "1" });
    await expect(again).rejects.toMatchObject({ kind: "rejected" });
    expect(await steps.slotRow("acme/2")).toMatchObject({ state: "armed" });
  });

  describe.for(["posted", "skipped", "missed", "dead", "deferred", "unknown"] as const)("%s", (outcome) => {
    test("written twice stands once", async () => {
      const steps = await begin();
      await armed(steps);
      const step = { postId: "1", xUsd: 0.015, backoff: { scope: "client" as const, until: at(day), reason: "x" } };
      expect(await steps.record(outcome, step)).toBe(true);
      const before = await steps.everything();
      expect(await steps.record(outcome, { ...step, now: at(99) })).toBe(true);
      expect(await steps.everything()).toEqual(before);
    });

    test("is not replaced by another outcome under the same fence", async () => {
      const steps = await begin();
      await armed(steps);
      await steps.record(outcome, { postId: "1" });
      const before = await steps.everything();
      expect(await steps.record(outcome === "dead" ? "skipped" : "dead")).toBe(false);
      expect(await steps.everything()).toEqual(before);
    });

    test("under an older fence changes nothing", async () => {
      const steps = await begin();
      await armed(steps);
      await steps.openTick({ now: at(400) });
      const before = await steps.everything();
      expect(await steps.record(outcome, { postId: "1", backoff: { scope: "all", until: at(day), reason: "x" } })).toBe(
        false,
      );
      expect(await steps.everything()).toEqual(before);
    });
  });

  test("a slot that is not there has no outcome", async () => {
    const steps = await begin();
    expect(await steps.record("dead", { slot: "acme/none" })).toBe(false);
  });

  describe("a back-off", () => {
    test.for(["client", "all"] as const)("for %s is kept with its reason", async (scope) => {
      const steps = await begin();
      await armed(steps);
      await steps.record("deferred", { backoff: { scope, until: at(600), reason: "429 from X" } });
      const state = await steps.ledger.readTick({ now: at(0) });
      const backoff = { until: at(600), reason: "429 from X" };
      expect(state.clients.get("acme")?.backoff).toEqual(scope === "client" ? backoff : undefined);
      expect(state.halted).toBe(scope === "all" ? "until 09:10 UTC: 429 from X" : undefined);
      expect(await steps.claim({ now: at(599) })).toBeUndefined();
    });

    test.for([
      { next: 300, until: 600 },
      { next: 900, until: 900 },
    ])("of 600 s, then of $next s, lasts $until s", async ({ next, until }) => {
      const steps = await begin();
      await armed(steps);
      await steps.record("deferred", { backoff: { scope: "client", until: at(600), reason: "first" } });
      await steps.sql("update clara.slot set state = 'claimed'");
      await steps.record("deferred", { backoff: { scope: "client", until: at(next), reason: "second" } });
      const state = await steps.ledger.readTick({ now: at(0) });
      expect(state.clients.get("acme")?.backoff).toEqual({ until: at(until), reason: "second" });
    });
  });
}
