import type { Client, Prices, Prompt, Slot, WritingPlan } from "../../src/terms.ts";

const source = { file: "test", sha256: "0".repeat(64) };

export const client: Client = {
  id: "acme",
  name: "Acme Coffee",
  handle: "acme_coffee",
  xUserId: "1000000000000000009",
  status: "active",
  timezone: "Europe/Berlin",
  schedule: {
    days: [1, 2, 3, 4, 5, 6, 7],
    times: ["09:00", "17:30"],
    jitterSeconds: 0,
    lateWithinSeconds: 2_700,
    lateThen: "skip",
    minGapSeconds: 1_800,
    except: [],
  },
  voice: "Dry and warm.",
  language: "en",
  topics: ["cold brew", "grinding", "water", "roasting at home", "cups"],
  posts: [{ prompt: "tip", weight: 1 }],
  models: ["openai/gpt-5-mini", "openai/gpt-4.1-mini"],
  limits: { postsPerDay: 10, completionsPerDay: 50, usdPerMonth: 20 },
  links: { policy: "deny" },
  avoid: ["game changer"],
  fallbacks: ["Fresh water, fresh beans, four minutes.", "A clean grinder is half of the cup."],
  madeWithAi: false,
  members: [],
  source,
};

export const prompt: Prompt = {
  id: "tip",
  version: "1.2.0",
  state: "published",
  title: "Tip",
  models: [],
  messages: [
    { role: "system", content: "You write for {{client}}. Voice: {{voice}}" },
    { role: "user", content: "Topic: {{topic}}\nLatest posts:\n{{recent_posts}}\n{{links}}" },
  ],
  parameters: { temperature: 0.9, maxTokens: 900 },
  source,
};

export const prices: Prices = {
  models: new Map([
    ["openai/gpt-5-mini", { inputUsd: 0.25, cachedUsd: 0.025, outputUsd: 2, checked: "2026-11-20" }],
    ["openai/gpt-4.1-mini", { inputUsd: 0.4, cachedUsd: 0.1, outputUsd: 1.6, checked: "2026-11-20" }],
    ["openai/gpt-5-nano", { inputUsd: 0.05, cachedUsd: 0.005, outputUsd: 0.4, checked: "2026-11-20" }],
  ]),
  x: { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 },
};

export const slot: Slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: new Date("2026-11-21T08:00:00Z") };

export const plan: WritingPlan = {
  slot,
  prompt: "tip",
  promptVersion: "1.2.0",
  topic: "cold brew",
  messages: [
    { role: "system", content: "You write for Acme Coffee." },
    { role: "user", content: "Topic: cold brew" },
    { role: "system", content: "Write 3 candidates. JSON." },
  ],
  parameters: { temperature: 0.9 },
  models: ["openai/gpt-5-mini", "openai/gpt-4.1-mini"],
  maxTokens: 900,
  candidates: 3,
  maxCompletions: 3,
  linksAllowed: false,
};
