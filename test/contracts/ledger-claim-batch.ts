import { describe, expect, test } from "vitest";
import type { ClaimInput } from "../../src/ports.ts";
import { at, day, draftOf, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

const slot = "acme/2026-11-21T09:00";

function named(id: string, client = "acme") {
  return { slot: id, client, plannedAt: at(0) };
}

/** What one call does besides claiming: it defers, ends, moves the watermark, and tells what the claimer has to know. */
export function claimBatchContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  describe("deferred", () => {
    const defer = (reason: string): Partial<ClaimInput> => ({ deferred: [{ ...named(slot), reason }], now: at(400) });

    test("a new slot waits with its reason, and a later reason replaces it", async () => {
      const steps = await begin();
      await steps.claimAll(defer("first"));
      expect(await steps.slotRow()).toMatchObject({ state: "waiting", reason: "first", fence: 0 });
      await steps.claimAll(defer("second"));
      expect(await steps.slotRow()).toMatchObject({ state: "waiting", reason: "second" });
    });

    test("a claimed slot stays claimed, even when its lease has ended", async () => {
      const steps = await begin();
      await steps.claim({ leaseSeconds: 1 });
      const before = await steps.slotRow();
      await steps.claimAll(defer("later"));
      expect(await steps.slotRow()).toEqual(before);
    });
  });

  describe("closed", () => {
    const close = (now: Date): Partial<ClaimInput> => ({
      closed: [{ ...named(slot), outcome: "missed", reason: "2 h late" }],
      run: "run-2",
      now,
    });

    test("a new slot ends with its reason, and the run that ended it", async () => {
      const steps = await begin();
      await steps.claimAll(close(at(0)));
      expect(await steps.slotRow()).toMatchObject({ state: "missed", reason: "2 h late", run: "run-2" });
      expect(await steps.claim({ now: at(day) })).toBeUndefined();
    });

    test("a waiting slot ends", async () => {
      const steps = await begin();
      await steps.claimAll({ deferred: [{ ...named(slot), reason: "later" }] });
      await steps.claimAll(close(at(0)));
      expect(await steps.slotRow()).toMatchObject({ state: "missed" });
    });

    test.for([
      { when: "a live claim is left alone", now: 299, state: "claimed" },
      { when: "a claim whose lease has ended ends, and its run has lost the fence", now: 300, state: "missed" },
    ])("$when", async ({ now, state }) => {
      const steps = await begin();
      await steps.claim();
      await steps.claimAll(close(at(now)));
      expect(await steps.slotRow()).toMatchObject({ state });
      expect(await steps.record("missed", { fence: 1 })).toBe(state === "claimed");
    });

    test.for(["posted", "unknown", "armed"] as const)("a slot that is %s is left alone", async (state) => {
      const steps = await begin();
      await steps.send("text");
      if (state !== "armed") await steps.record(state, { postId: "1" });
      const before = await steps.slotRow();
      await steps.claimAll(close(at(day)));
      expect(await steps.slotRow()).toEqual(before);
    });
  });

  describe("the watermark", () => {
    const watermark = async (steps: Steps) =>
      (await steps.ledger.readTick({ now: at(0) })).clients.get("acme")?.plannedUntil;

    test("moves to the tick's clock for planned clients, and never back", async () => {
      const steps = await begin();
      await steps.claimAll({ planned: ["acme"], now: at(100) });
      expect(await watermark(steps)).toEqual(at(100));
      await steps.claimAll({ planned: ["acme"], now: at(50) });
      expect(await watermark(steps)).toEqual(at(100));
    });

    test("does not move for a client that is only served", async () => {
      const steps = await begin();
      await steps.claim();
      expect(await watermark(steps)).toBeUndefined();
    });
  });

  describe("what a claim knows", () => {
    interface Past {
      now: Date;
      draft: Parameters<typeof draftOf>[1];
      client?: string;
    }
    const past = async (steps: Steps, name: string, { now, draft, client = "acme" }: Past) => {
      await steps.claim({ slot: name, now, client });
      await steps.store([draftOf(name, draft)], { slot: name, now });
      await steps.record("skipped", { slot: name, now });
    };

    test("a draft that a run stored before it died comes back", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.store([draftOf("kept", { hasLink: true })]);
      const claim = await steps.claim({ run: "run-2", now: at(300) });
      expect(claim).toMatchObject({ fence: 2, draft: draftOf("kept", { hasLink: true }), recentTexts: [] });
    });

    test("the client's last 50 texts come newest first, and no other client's", async () => {
      const steps = await begin();
      await steps.claim({ client: "bolt" });
      await steps.store(["of bolt"], { client: "bolt" });
      await steps.sql(
        `with s as (insert into clara.slot (id, client, planned_at, state, changed_at)
           select 'old/' || n, 'acme', now(), 'posted', now() from generate_series(1, 51) n returning id)
         insert into clara.draft (slot, client, text, hash, source, prompt, prompt_version, topic, has_link, rehearsal,
           receipt, run, stored_at)
           select id, 'acme', id, 'h', 'model', 'p', '1', 't', false, false, '{}', 'r',
             timestamptz '2026-01-01' + make_interval(days => substr(id, 5)::int) from s`,
        [],
      );
      const claim = await steps.claim();
      expect(claim?.recentTexts).toEqual(Array.from({ length: 50 }, (_, index) => `old/${51 - index}`));
    });

    test("fallback texts count for 30 days, the client's own and not this slot's", async () => {
      const steps = await begin();
      const source = "fallback" as const;
      await past(steps, "forgotten", { now: at(-30 * day), draft: { source } });
      await past(steps, "recent", { now: at(-30 * day + 1), draft: { source } });
      await past(steps, "written", { now: at(-1), draft: {} });
      await past(steps, "of another client", { now: at(-1), draft: { source }, client: "bolt" });
      await steps.claim({ leaseSeconds: 0 });
      await steps.store([draftOf("this one", { source })], { leaseSeconds: 0 });
      expect((await steps.claim())?.recentFallbacks).toEqual(["recent"]);
    });

    test("links count for 7 days, the client's own and not this slot's, unless there will be no post", async () => {
      const steps = await begin();
      const linked = { hasLink: true };
      for (const [name, seconds, outcome, draft, client] of [
        ["long ago", -7 * day, "posted", linked, "acme"],
        ["just inside", -7 * day + 1, "posted", linked, "acme"],
        ["never sent", -60, "skipped", linked, "acme"],
        ["sent later", -50, "deferred", linked, "acme"],
        ["plain", -40, "posted", {}, "acme"],
        ["of another", -30, "posted", linked, "bolt"],
      ] as const) {
        const step = { slot: name, client, now: at(seconds) };
        await steps.claim(step);
        await steps.store([draftOf(name, draft)], step);
        if (outcome === "posted") await steps.arm(step);
        expect(await steps.record(outcome, { ...step, postId: name })).toBe(true);
      }
      await steps.claim({ leaseSeconds: 0 });
      await steps.store([draftOf("this one", linked)], { leaseSeconds: 0 });
      expect((await steps.claim())?.recentLinks).toBe(2);
    });
  });
}
