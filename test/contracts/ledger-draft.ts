import { describe, expect, test } from "vitest";
import { at, draftOf, type OpenLedger } from "../support/ledger.ts";
import { stepsOf } from "./ledger-steps.ts";

const text = "Our autumn tea is here: smoky, slow and made for long evenings with a good book.";
const different = "Three things a barista checks before the first cup of the morning.";
/** How a text is stored, and what it cost. */
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
