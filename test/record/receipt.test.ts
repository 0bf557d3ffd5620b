import { expect, test } from "vitest";
import type { ReceiptInput } from "../../src/record/receipt.ts";
import { buildReceipt } from "../../src/record/receipt.ts";
import type { Client, Prompt, WritingPlan } from "../../src/terms.ts";
import { sandboxRun } from "./examples.ts";

const client: Client = {
  id: "acme",
  name: "Acme",
  handle: "acme_inc",
  xUserId: "42",
  status: "active",
  timezone: "Europe/Berlin",
  schedule: {
    days: [6],
    times: ["09:00"],
    jitterSeconds: 0,
    lateWithinSeconds: 3600,
    lateThen: "skip",
    minGapSeconds: 0,
    except: [],
  },
  voice: "PRIVATE VOICE",
  language: "en",
  topics: ["bread"],
  posts: [{ prompt: "tip", weight: 1 }],
  models: ["openai/gpt-5-mini"],
  limits: { postsPerDay: 10, completionsPerDay: 50, usdPerMonth: 5 },
  links: { policy: "deny" },
  avoid: [],
  fallbacks: [],
  madeWithAi: false,
  sealed: "SEALED BLOCK",
  members: ["person@example.com"],
  source: { file: "clients/acme.yaml", sha256: "aa" },
};

const prompt: Prompt = {
  id: "tip",
  version: "3",
  state: "published",
  title: "A tip",
  models: [],
  messages: [{ role: "user", content: "PRIVATE PROMPT" }],
  parameters: {},
  source: { file: "prompts/tip.prompt.yml", sha256: "bb" },
};

const plan: WritingPlan = {
  slot: { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: new Date("2026-11-21T08:00:00Z") },
  prompt: "tip",
  promptVersion: "3",
  topic: "bread",
  messages: prompt.messages,
  parameters: {},
  models: client.models,
  maxTokens: 600,
  candidates: 3,
  maxCompletions: 2,
  linksAllowed: false,
};

const input: ReceiptInput = {
  run: sandboxRun,
  client,
  prompt,
  plan,
  checks: [
    { source: "openai/gpt-5-mini", hash: "c1", failures: [], moderation: "passed" },
    {
      source: "openai/gpt-5-mini",
      hash: "c2",
      failures: [{ rule: "length", reason: "285 of 280 characters in \ud800\0" }],
      moderation: "not asked",
    },
  ],
};

test("a receipt leads from the draft to the run, the commit and both files, with the checks", () => {
  expect(buildReceipt(input)).toEqual({
    run: { id: "run-1", commit: "1cb828e", startedAt: "2026-11-21T08:00:38.000Z" },
    slot: { id: "acme/2026-11-21T09:00", plannedAt: "2026-11-21T08:00:00.000Z" },
    client: { id: "acme", file: "clients/acme.yaml", sha256: "aa" },
    prompt: { id: "tip", version: "3", topic: "bread", file: "prompts/tip.prompt.yml", sha256: "bb" },
    checks: [
      { source: "openai/gpt-5-mini", hash: "c1", failures: [], moderation: "passed" },
      {
        source: "openai/gpt-5-mini",
        hash: "c2",
        failures: [{ rule: "length", reason: "285 of 280 characters in \ufffd\ufffd" }],
        moderation: "not asked",
      },
    ],
  });
});

test("a receipt holds no prompt, no voice, no credential and no address of a person", () => {
  const json = JSON.stringify(buildReceipt(input));
  for (const secret of ["PRIVATE PROMPT", "PRIVATE VOICE", "SEALED BLOCK", "person@example.com"]) {
    expect(json).not.toContain(secret);
  }
});
