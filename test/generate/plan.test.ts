import { expect, test } from "vitest";
import { type PlanInput, planWriting } from "../../src/generate/plan.ts";
import type { Prompt, WritingPlan } from "../../src/terms.ts";
import { client, prices, prompt, slot } from "./fixtures.ts";

const input: PlanInput = {
  client,
  prompts: new Map([["tip", prompt]]),
  prices,
  slot,
  claim: { recentTexts: [], recentLinks: 0 },
};

function planned(changes: Partial<PlanInput>): WritingPlan {
  const plan = planWriting({ ...input, ...changes });
  if ("refused" in plan) throw new Error(plan.refused);
  return plan;
}

function withPrompt(changes: Partial<Prompt>): Partial<PlanInput> {
  return { prompts: new Map([["tip", { ...prompt, ...changes }]]) };
}

test("a plan is the same on every run and asks every model once and for one repair", () => {
  const plan = planned({});
  expect(plan).toEqual(planned({}));
  expect(plan).toMatchObject({
    prompt: "tip",
    promptVersion: "1.2.0",
    models: client.models,
    maxTokens: 900,
    candidates: 3,
    maxCompletions: 3,
    parameters: { temperature: 0.9 },
    linksAllowed: false,
  });
  expect(plan.parameters).not.toHaveProperty("maxTokens");
});

test("a prompt without a limit gets room for three posts and some thinking", () => {
  expect(planned(withPrompt({ parameters: {} })).maxTokens).toBe(800);
});

test.for<{ when: string; changes: Partial<PlanInput>; words: string }>([
  { when: "no prompt is published", changes: withPrompt({ state: "draft" }), words: "published" },
  { when: "the prompt is gone", changes: { prompts: new Map() }, words: "published" },
  {
    when: "the prompt runs on other models only",
    changes: withPrompt({ models: ["openai/other"] }),
    words: "may run on none",
  },
  {
    when: "no model has a price",
    changes: { prices: { ...prices, models: new Map() } },
    words: "no price for openai/gpt-5-mini",
  },
  {
    when: "the prompt uses an unknown variable",
    changes: withPrompt({ messages: [{ role: "user", content: "{{mood}} and {{topic}}" }] }),
    words: "{{mood}}",
  },
])("nothing is planned when $when", ({ changes, words }) => {
  expect(planWriting({ ...input, ...changes })).toEqual({ refused: expect.stringContaining(words) });
});

test("models without a price and models that the prompt excludes are left out", () => {
  const models = ["openai/unpriced", "openai/gpt-5-nano", "openai/gpt-5-mini", "openai/gpt-5-nano"];
  const plan = planned({
    client: { ...client, models },
    ...withPrompt({ models: ["openai/gpt-5-nano", "openai/unpriced"] }),
  });
  expect(plan.models).toEqual(["openai/gpt-5-nano"]);
  expect(plan.maxCompletions).toBe(2);
});

test("prompts are taken by their weight", () => {
  const posts = [
    { prompt: "tip", weight: 9 },
    { prompt: "scene", weight: 1 },
    { prompt: "draft", weight: 50 },
  ];
  const prompts = new Map([
    ["tip", prompt],
    ["scene", { ...prompt, id: "scene" }],
    ["draft", { ...prompt, id: "draft", state: "draft" as const }],
  ]);
  const taken = Array.from({ length: 1_000 }, (_, index) => {
    const id = `acme/2026-01-01T${index}`;
    return planned({ client: { ...client, posts }, prompts, slot: { ...slot, id } }).prompt;
  });
  expect(taken.filter((id) => id === "draft")).toHaveLength(0);
  const scenes = taken.filter((id) => id === "scene").length;
  expect(scenes).toBeGreaterThan(60);
  expect(scenes).toBeLessThan(150);
});

test.for([
  { links: { policy: "deny" } as const, recentLinks: 0, allowed: false },
  { links: { policy: "allow" } as const, recentLinks: 99, allowed: true },
  { links: { policy: "budget", maxPerWeek: 2 } as const, recentLinks: 1, allowed: true },
  { links: { policy: "budget", maxPerWeek: 2 } as const, recentLinks: 2, allowed: false },
])("links with $links after $recentLinks this week: $allowed", ({ links, recentLinks, allowed }) => {
  const plan = planned({ client: { ...client, links }, claim: { recentTexts: [], recentLinks } });
  expect(plan.linksAllowed).toBe(allowed);
  expect(plan.messages.at(-1)?.content).toContain(allowed ? "A link is allowed" : "No links");
});
