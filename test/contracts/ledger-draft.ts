import { describe, expect, test } from "vitest";
import { at, day, draftOf, type OpenLedger } from "../support/ledger.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

const text = "Our autumn tea is here: smoky, slow and made for long evenings with a good book.";
const near = "Our autumn tea is here: smoky, slow, and made for long evenings with good books!";
const different = "Three things a barista checks before the first cup of the morning.";
/** Above the extension's own threshold of 0.3, below ours. */
const related = "Our autumn tea is here again: smoky, slow and made for people who read on trains.";

/** Stores a text for client bolt, for others to be compared with. */
async function storeForBolt(steps: Steps, now: Date, rehearsal = false) {
  await steps.claim({ client: "bolt", now });
  await steps.store([text], { client: "bolt", now, rehearsal });
}

/** Which text is stored, and what it costs. */
export function draftContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("a draft is stored with its receipt, and the lease is renewed", async () => {
    const steps = await begin();
    await steps.claim({ leaseSeconds: 60 });
    const draft = draftOf(text, { hasLink: true });
    expect(await steps.store([draft], { now: at(50), leaseSeconds: 60 })).toEqual({ stored: 0, similarTo: [] });
    expect(await steps.rows("draft")).toMatchObject([
      {
        client: "acme",
        text,
        hash: draft.hash,
        model: "openai/gpt-5-mini",
        prompt_version: "1.0.0",
        has_link: true,
        receipt: { checks: 9 },
      },
    ]);
    expect(await steps.claim({ run: "run-2", now: at(109) })).toBeUndefined();
    expect(await steps.claim({ run: "run-2", now: at(110) })).toMatchObject({ fence: 2, draft });
  });

  test("the first of several good candidates is stored", async () => {
    const steps = await begin();
    await steps.claim();
    expect(await steps.store([different, text])).toEqual({ stored: 0, similarTo: [] });
    expect(await steps.rows("draft")).toMatchObject([{ text: different }]);
  });

  test("a stored draft is never replaced, and asking for it costs nothing", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.store([text], { completions: 1, usd: 0.001 });
    const before = await steps.everything();
    await expect(steps.store([different], { completions: 1, usd: 0.001 })).rejects.toMatchObject({ kind: "rejected" });
    expect(await steps.everything()).toEqual(before);
  });

  describe("too similar to a text of another client", () => {
    test("the second candidate is stored, and the answer names the twin of the first", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0));
      await steps.claim();
      const similarTo = [{ candidate: 0, slot: "bolt/2026-11-21T09:00" }];
      expect(await steps.store([near, different])).toEqual({ stored: 1, similarTo });
      expect((await steps.rows("draft")).map((row) => row["text"])).toContain(different);
    });

    test("with no other candidate nothing is stored, and the claim goes on", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0));
      await steps.claim();
      const similarTo = [0, 1].map((candidate) => ({ candidate, slot: "bolt/2026-11-21T09:00" }));
      expect(await steps.store([near, text])).toEqual({ similarTo });
      expect(await steps.store([different])).toMatchObject({ stored: 0 });
    });

    test("texts that are only related are stored", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0));
      const [row] = await steps.sql(
        `select extensions.similarity('${text}', '${related}') as a, extensions.similarity('${text}', '${near}') as b`,
      );
      expect(Number(row?.["a"])).toBeGreaterThan(0.3);
      expect(Number(row?.["a"])).toBeLessThan(0.6);
      expect(Number(row?.["b"])).toBeGreaterThan(0.6);
      await steps.claim();
      expect(await steps.store([related])).toMatchObject({ stored: 0 });
    });

    test.for([
      { when: "within 7 days", ago: 7 * day - 1, stored: undefined },
      { when: "after 7 days", ago: 7 * day, stored: 0 },
    ])("$when: stored is $stored", async ({ ago, stored }) => {
      const steps = await begin();
      await storeForBolt(steps, at(-ago));
      await steps.claim();
      expect((await steps.store([text])).stored).toBe(stored);
    });

    test("a fallback text is compared too", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0));
      await steps.claim();
      expect((await steps.store([draftOf(text, { source: "fallback" })])).stored).toBeUndefined();
    });

    test("a rehearsal does not stand in the way", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0), true);
      await steps.claim();
      expect((await steps.store([text])).stored).toBe(0);
    });

    test("a rehearsal that was sent after all does", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0), true);
      await steps.arm({ client: "bolt" });
      await steps.claim();
      expect((await steps.store([text])).stored).toBeUndefined();
    });

    test.for([
      { outcome: "skipped", stored: 0 },
      { outcome: "dead", stored: 0 },
      { outcome: "missed", stored: 0 },
      { outcome: "deferred", stored: undefined },
      { outcome: "posted", stored: undefined },
      { outcome: "unknown", stored: undefined },
    ] as const)("after $outcome: stored is $stored", async ({ outcome, stored }) => {
      const steps = await begin();
      await storeForBolt(steps, at(0));
      await steps.arm({ client: "bolt" });
      await steps.record(outcome, { client: "bolt" });
      await steps.claim();
      expect((await steps.store([text])).stored).toBe(stored);
    });
  });

  describe("too similar to the client's own texts", () => {
    const ownTexts = (count: number) =>
      `with s as (insert into clara.slot (id, client, planned_at, state, changed_at)
           select 'old/' || n, 'acme', now(), 'skipped', now() from generate_series(1, ${count}) n returning id)
         insert into clara.draft (slot, client, text, hash, source, prompt, prompt_version, topic, has_link, rehearsal, receipt, run, stored_at)
           select id, 'acme', case id when 'old/1' then '${text}' else md5(id) end, 'h', 'model', 'p', '1', 't', false, true, '{}', 'r',
             timestamptz '2025-01-01' + make_interval(days => substr(id, 5)::int) from s`;

    test.for([
      { what: "the 50th last", count: 50, stored: undefined },
      { what: "the 51st last", count: 51, stored: 0 },
    ])("$what, however old: stored is $stored", async ({ count, stored }) => {
      const steps = await begin();
      await steps.sql(ownTexts(count));
      await steps.claim();
      const answer = await steps.store([near]);
      expect(answer.stored).toBe(stored);
      expect(answer.similarTo).toEqual(stored === 0 ? [] : [{ candidate: 0, slot: "old/1" }]);
    });

    test("a fallback text may come back", async () => {
      const steps = await begin();
      await steps.sql(ownTexts(1));
      await steps.claim();
      expect((await steps.store([draftOf(text, { source: "fallback" })])).stored).toBe(0);
    });
  });

  describe("what the model cost", () => {
    test("moves from held to spent, and the calls that were not made are free", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.reserve();
      await steps.store([text], { completions: 2, usd: 0.004 });
      const after = { posts: 0, completions: 2, usd: 0.004, held_posts: 1, held_completions: 0, held_usd: 0.015 };
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(after)));
      expect(await steps.slotRow()).toMatchObject({
        completions: 2,
        model_usd: 0.004,
        input_tokens: 200,
        cached_tokens: 20,
        output_tokens: 40,
      });
    });

    test("without a candidate is recorded, and the rest stays held for the next try", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.reserve();
      expect(await steps.store([], { completions: 1, usd: 0.004 })).toEqual({ similarTo: [] });
      const first = { completions: 1, usd: 0.004, held_completions: 2, held_usd: 0.021 };
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(first)));
      await steps.store([text], { completions: 1, usd: 0.003 });
      const both = { completions: 2, usd: 0.007, held_completions: 0, held_usd: 0.015 };
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(both)));
    });

    test("is counted in full when it is more than was held", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.reserve();
      await steps.store([text], { completions: 5, usd: 0.1 });
      const after = { completions: 5, usd: 0.1, held_posts: 1, held_completions: 0, held_usd: 0.015 };
      expect(await steps.rows("spend")).toEqual(Array(4).fill(expect.objectContaining(after)));
    });

    test("without a hold is kept on the slot alone", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.store([text], { completions: 1, usd: 0.1 });
      expect(await steps.slotRow()).toMatchObject({ completions: 1, model_usd: 0.1 });
      expect(await steps.rows("spend")).toEqual([]);
    });
  });

  test.for([
    { what: "an older fence", step: { fence: 1 } },
    { what: "a slot that is not there", step: { slot: "acme/none", fence: 2 } },
  ])("$what stores nothing and settles nothing", async ({ step }) => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.claim({ run: "run-2", now: at(300) });
    const before = await steps.everything();
    const late = steps.store([text], { ...step, completions: 1, usd: 0.001 });
    await expect(late).rejects.toMatchObject({ name: "PostingError", kind: "unavailable" });
    expect(await steps.everything()).toEqual(before);
  });

  test("an armed slot takes no other text", async () => {
    const steps = await begin();
    await steps.send(text);
    const before = await steps.everything();
    await expect(steps.store([different])).rejects.toMatchObject({ kind: "unavailable" });
    expect(await steps.everything()).toEqual(before);
  });
}
