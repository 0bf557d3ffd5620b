import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { modelCost, repairBytes, usageBound, worstCase, worstCaseOfDraft } from "../../src/gate/cost.ts";
import { repairBytes as repairBytesOfGenerate, repairMessages } from "../../src/generate/repair.ts";
import type { Prices, PromptMessage, Usage, WritingPlan } from "../../src/terms.ts";
import { plan, prices } from "../generate/fixtures.ts";

const dollars = fc.double({ min: 0, max: 100, noNaN: true });
const price = fc.record({
  inputUsd: dollars,
  cachedUsd: dollars,
  outputUsd: dollars,
  checked: fc.constant("2026-11-20"),
});
const messages = fc.array(
  fc.record({ role: fc.constantFrom("system" as const, "user" as const), content: fc.string({ unit: "grapheme" }) }),
  { minLength: 1, maxLength: 5 },
);

interface Case {
  plan: WritingPlan;
  prices: Prices;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    prices: fc.array(price, { minLength: 1, maxLength: 4 }),
    messages,
    maxTokens: fc.integer({ min: 16, max: 9_000 }),
  })
  .map(({ prices: list, messages, maxTokens }) => {
    const models = list.map((_, index) => `openai/model-${index}`);
    return {
      plan: { ...plan, models, messages, maxTokens, maxCompletions: models.length + 1 },
      prices: { ...prices, models: new Map(list.map((price, index) => [`openai/model-${index}`, price])) },
    };
  });

/** Any usage that a call with these messages can report. */
function usageWithin(draw: fc.GeneratorValue, messages: readonly PromptMessage[], maxTokens: number): Usage {
  const bound = usageBound({ messages, maxTokens });
  const inputTokens = draw(fc.integer, { min: 0, max: bound.inputTokens });
  const cachedTokens = draw(fc.integer, { min: 0, max: inputTokens });
  return { inputTokens, cachedTokens, outputTokens: draw(fc.integer, { min: 0, max: maxTokens }) };
}

/** The bound itself: usage drawn at random is seldom near it. */
function fullUsage(messages: WritingPlan["messages"], maxTokens: number): Usage {
  return { ...usageBound({ messages, maxTokens }), cachedTokens: 0 };
}

describe("the worst case", () => {
  test("covers every model once and a repair, for any usage within the bounds", () => {
    const rejected = [{ text: "日本語".repeat(200), failures: [{ rule: "length", reason: "r".repeat(3_000) }] }];
    fc.assert(
      fc.property(cases, fc.gen(), fc.nat(), fc.boolean(), ({ plan, prices }, draw, which, isFull) => {
        const usage = (messages: typeof plan.messages) =>
          isFull ? fullUsage(messages, plan.maxTokens) : usageWithin(draw, messages, plan.maxTokens);
        const firstUsd = plan.models.map((model) => modelCost(model, usage(plan.messages), prices));
        const repairModel = plan.models[which % plan.models.length] ?? "";
        const repairUsage = usage(repairMessages(plan.messages, rejected));
        const settledUsd = firstUsd.reduce((sum, usd) => sum + usd, 0) + modelCost(repairModel, repairUsage, prices);
        const { modelUsd, completions } = worstCase(plan, prices);
        expect(settledUsd).toBeLessThanOrEqual(modelUsd + 1e-9);
        expect(completions).toBe(plan.models.length + 1);
      }),
    );
  });

  test("has the post, with a URL only where a link is allowed, the proof of the account and two pages of its posts", () => {
    expect(worstCase({ ...plan, linksAllowed: true }, prices).xUsd).toBeCloseTo(0.2 + 0.01 + 0.05);
    expect(worstCase(plan, prices).xUsd).toBeCloseTo(0.015 + 0.01 + 0.05);
  });

  test.for([
    { hasLink: true, xUsd: 0.2 + 0.01 + 0.05 },
    { hasLink: false, xUsd: 0.015 + 0.01 + 0.05 },
  ])("of a stored text asks no model, and X by the text's own link: $hasLink", ({ hasLink, xUsd }) => {
    const cost = { completions: 0, modelUsd: 0, xUsd: expect.closeTo(xUsd) };
    expect(worstCaseOfDraft({ hasLink }, prices)).toEqual(cost);
  });

  test("counts bytes, since a token is never less than one", () => {
    const bound = (content: string) => usageBound({ messages: [{ role: "user", content }], maxTokens: 7 });
    expect(bound("🥐").inputTokens - bound("").inputTokens).toBe(4);
    expect(bound("🥐").outputTokens).toBe(7);
  });

  test("reserves as much for a repair as generate may use", () => {
    expect(repairBytes).toBe(repairBytesOfGenerate);
  });
});

describe("the cost of an answer", () => {
  test.for([
    { when: "nothing is cached", usage: { inputTokens: 1e6, cachedTokens: 0, outputTokens: 0 }, usd: 0.25 },
    { when: "half is cached", usage: { inputTokens: 1e6, cachedTokens: 5e5, outputTokens: 0 }, usd: 0.1375 },
    {
      when: "more is cached than was sent",
      usage: { inputTokens: 1e6, cachedTokens: 9e9, outputTokens: 0 },
      usd: 0.025,
    },
    { when: "text is written", usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 1e6 }, usd: 2 },
  ])("is $usd when $when", ({ usage, usd }) => {
    expect(modelCost("openai/gpt-5-mini", usage, prices)).toBeCloseTo(usd, 10);
  });

  test("is refused without a price", () => {
    const usage = { inputTokens: 1, cachedTokens: 0, outputTokens: 1 };
    expect(() => modelCost("openai/unknown", usage, prices)).toThrow(PostingError);
    expect(() => worstCase({ ...plan, models: ["openai/unknown"] }, prices)).toThrow(/no price for openai\/unknown/);
  });
});
