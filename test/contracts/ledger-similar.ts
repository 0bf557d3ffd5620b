import fc from "fast-check";
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

/** Which texts stand in each other's way: X forbids near-duplicates across accounts. */
export function similarContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  describe("too similar to a text of another client", () => {
    test("the second candidate is stored, and the answer names the twin of the first", async () => {
      const steps = await begin();
      await storeForBolt(steps, at(0));
      await steps.claim();
      const similarTo = [{ candidate: 0, slot: "bolt/2026-11-21T09:00" }];
      expect(await steps.store([near, different])).toEqual({ stored: 1, similarTo });
      expect((await steps.rows("draft")).map((row) => row.text)).toContain(different);
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
      expect(Number(row?.a)).toBeGreaterThan(0.3);
      expect(Number(row?.a)).toBeLessThan(0.6);
      expect(Number(row?.b)).toBeGreaterThan(0.6);
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

    test("a fallback text may come back, even one that was posted an hour ago", async () => {
      const steps = await begin();
      const fallback = draftOf(text, { source: "fallback" });
      await steps.claim({ slot: "acme/1" });
      await steps.store([fallback], { slot: "acme/1" });
      await steps.arm({ slot: "acme/1" });
      await steps.record("posted", { slot: "acme/1", postId: "1" });
      await steps.claim({ now: at(3600) });
      expect((await steps.store([fallback], { now: at(3600) })).stored).toBe(0);
    });

    test("a fallback text of long ago may come back", async () => {
      const steps = await begin();
      await steps.sql(ownTexts(1));
      await steps.claim();
      expect((await steps.store([draftOf(text, { source: "fallback" })])).stored).toBe(0);
    });
  });

  test("what rules texts out without comparing them rules out no similar one", async () => {
    const steps = await begin();
    const pairs = fc.sample(pairOfTexts, { numRuns: 300, seed: 20_261_121 });
    const json = JSON.stringify(pairs.map(([stored, candidate], n) => ({ slot: `bolt/${n}`, stored, candidate })));
    const rows = `jsonb_array_elements($1::jsonb)`;
    await steps.sql(
      `insert into clara.slot (id, client, planned_at, state, changed_at) select value->>'slot', 'bolt', now(), 'posted', now() from ${rows}`,
      [json],
    );
    await steps.sql(
      `insert into clara.draft select value->>'slot', 'bolt', value->>'stored', '', 'model', null, 'tip', '1.0.0', 'tea', false, false, '{}', 'run-1', now() from ${rows}`,
      [json],
    );
    const compared = await steps.sql(
      `select extensions.similarity(d.text, value->>'candidate') >= 0.6 as similar, clara.similar_draft('acme', 'acme/1',
          jsonb_build_object('text', value->>'candidate', 'source', 'model'),
          clara.trigram_bits(extensions.show_trgm(value->>'candidate')), now(), d.number - 1, d.number) is not null as found
        from ${rows} join clara.draft d on d.slot = value->>'slot'`,
      [json],
    );
    expect(compared.filter(({ similar, found }) => similar !== found)).toEqual([]);
    // Pairs of both kinds, or nothing was shown.
    expect(compared.filter(({ similar }) => similar === true).length).toBeGreaterThan(50);
    expect(compared.filter(({ similar }) => similar === false).length).toBeGreaterThan(50);
  });
}

const word = fc.oneof(
  fc.constantFrom("tea", "smoky", "slow", "evening", "Büro", "größer", "日本", "москва", "🍵", "don't", "2026"),
  fc.string({ minLength: 1, maxLength: 9 }).map((text) => text.replaceAll("\0", "-")),
);

/** A text, and one that differs from it in more or fewer of its words. */
const pairOfTexts = fc
  .tuple(fc.array(word, { minLength: 3, maxLength: 40 }), fc.array(word, { minLength: 40, maxLength: 40 }), fc.nat(9))
  .map(([words, others, tenths]) => {
    const changed = words.map((own, index) => ((index * 7) % 10 < tenths ? (others[index] ?? own) : own));
    return [words.join(" "), changed.join(" ")] as const;
  });
