import { expect, test } from "vitest";
import type { Explanation } from "../../src/levers.ts";
import { explanationDocument, explanationLines } from "../../src/record/explain.ts";
import type { Receipt } from "../../src/record/receipt.ts";

const at = (time: string) => new Date(`2026-11-21T${time}Z`);
const hash = "b".repeat(64);

const receipt: Receipt = {
  run: { id: "run-1", commit: "c0ffee", startedAt: "2026-11-21T08:04:00.000Z" },
  slot: { id: "acme/2026-11-21T09:00", plannedAt: "2026-11-21T08:00:00.000Z" },
  client: { id: "acme", file: "clients/acme.yaml", sha256: "1".repeat(64) },
  prompt: { id: "tip", version: "1.2.0", topic: "tea", file: "prompts/tip.prompt.yml", sha256: "2".repeat(64) },
  checks: [
    {
      source: "openai/gpt-5-mini",
      hash: "a".repeat(64),
      failures: [{ rule: "length", reason: "300 of 280" }],
      moderation: "not asked",
    },
    { source: "openai/gpt-5-mini", hash, failures: [], moderation: "passed" },
  ],
};

const mode = { ledger: "real", x: "sandbox" };
const run = { id: "run-1", commit: "c0ffee", mode, startedAt: at("08:04:00"), finishedAt: at("08:05:00") };
const sent = { number: 1, run: "run-1", armedAt: at("08:04:30") };

const full: Explanation = {
  slot: "acme/2026-11-21T09:00",
  client: "acme",
  plannedAt: at("08:00:00"),
  state: "posted",
  changedAt: at("08:04:31"),
  link: "https://x.com/acme_inc/status/77",
  completions: 1,
  inputTokens: 1000,
  cachedTokens: 0,
  outputTokens: 234,
  modelUsd: 0.0003,
  xUsd: 0.015,
  draft: {
    text: "Tea.",
    hash,
    source: "model",
    model: "openai/gpt-5-mini",
    prompt: "tip",
    promptVersion: "1.2.0",
    topic: "tea",
    hasLink: false,
  },
  receipt,
  post: { id: "77", xUserId: "42", postedAt: at("08:04:30") },
  run,
  sends: [{ ...sent, outcome: "posted", answeredAt: at("08:04:31") }],
  retries: [],
};

const { post: _post, link: _link, draft: _draft, receipt: _receipt, run: _run, ...bare } = full;
const unposted: Explanation = { ...bare, state: "waiting", sends: [] };

test("a post is told from its address back to its files, its model, its cost and its send", () => {
  expect(explanationLines(full)).toEqual([
    "Post: 77, https://x.com/acme_inc/status/77, by the account 42",
    "Slot: acme/2026-11-21T09:00 of acme, planned for 2026-11-21 08:00:00 UTC",
    "Posted: 2026-11-21 08:04:30 UTC, 5 min late",
    "Text: Tea.",
    `Text SHA-256: ${hash}`,
    "Model: openai/gpt-5-mini",
    "Run: run-1, ledger real, x sandbox, started 2026-11-21 08:04:00 UTC",
    "Commit: c0ffee",
    `Client file: clients/acme.yaml, SHA-256 ${"1".repeat(64)}`,
    `Prompt file: prompts/tip.prompt.yml, SHA-256 ${"2".repeat(64)}, version 1.2.0, topic tea`,
    "Checks: 2 texts checked",
    "  openai/gpt-5-mini aaaaaaaaaaaa: broke length (300 of 280); moderation not asked",
    "  openai/gpt-5-mini bbbbbbbbbbbb (this text): passed every rule; moderation passed",
    "Cost: $0.0153: model $0.0003 (1 completion, 1,234 tokens), X $0.015",
    "Send 1: 2026-11-21 08:04:30 UTC by run run-1: posted at 2026-11-21 08:04:31 UTC",
  ]);
});

test("the document has everything, lateness and cost worked out", () => {
  expect(explanationDocument(full)).toEqual({ ...full, latenessSeconds: 270, costUsd: 0.0153 });
  expect(explanationDocument(unposted)).not.toHaveProperty("latenessSeconds");
  const early = { xUserId: "42", postedAt: at("07:59:00") };
  expect(explanationDocument({ ...full, post: early })).toMatchObject({ latenessSeconds: 0 });
});

test.for<{ what: string; change: Partial<Explanation>; contains: string }>([
  {
    what: "a post whose id X did not say",
    change: { post: { xUserId: "42", postedAt: at("08:04:30") } },
    contains: "Post: id not known: X only said that this text is posted already, https",
  },
  {
    what: "a run that settled what another one wrote",
    change: { run: { ...run, id: "run-2" } },
    contains: "Written by run: run-1, started 2026-11-21T08:04:00.000Z",
  },
  {
    what: "a fallback text",
    change: {
      draft: { text: "T", hash, source: "fallback", prompt: "tip", promptVersion: "1", topic: "t", hasLink: false },
    },
    contains: "Model: a fallback text of the client's file",
  },
  {
    what: "a send without an answer",
    change: { sends: [sent] },
    contains: "Send 1: 2026-11-21 08:04:30 UTC by run run-1: no answer recorded",
  },
  {
    what: "a send that X refused",
    change: { sends: [{ ...sent, outcome: "dead", reason: "no" }] },
    contains: "Send 1: 2026-11-21 08:04:30 UTC by run run-1: dead, no",
  },
  {
    what: "a retry",
    change: { retries: [{ retriedAt: at("08:06:00") }] },
    contains: "Taken up again by a person at 2026-11-21 08:06:00 UTC",
  },
])("$what is told so", ({ change, contains }) => {
  expect(explanationLines({ ...full, ...change })).toEqual(expect.arrayContaining([expect.stringContaining(contains)]));
});

test("a retry tells the text that X had refused", () => {
  const dropped = {
    text: "Coffee.",
    hash,
    source: "model",
    prompt: "tip",
    promptVersion: "1",
    topic: "t",
    hasLink: false,
  } as const;
  const lines = explanationLines({ ...full, retries: [{ retriedAt: at("08:06:00"), dropped }] });
  expect(lines.at(-1)).toBe("Taken up again by a person at 2026-11-21 08:06:00 UTC; X had refused: Coffee.");
});

test("a slot without a post, a text or a send says so", () => {
  expect(explanationLines(unposted)).toEqual([
    "Post: none",
    "Slot: acme/2026-11-21T09:00 of acme, planned for 2026-11-21 08:00:00 UTC",
    "State: waiting since 2026-11-21 08:04:31 UTC",
    "Text: none is stored",
    "Cost: $0.0153: model $0.0003 (1 completion, 1,234 tokens), X $0.015",
    "Sends: none",
  ]);
});

test("a dead letter tells its reason and what to do", () => {
  const lines = explanationLines({ ...unposted, state: "dead", reason: "X said no", cause: "account" });
  expect(lines.slice(2, 4)).toEqual([
    "State: dead since 2026-11-21 08:04:31 UTC: X said no",
    "Next: Log in to the account on X and do what X asks there.",
  ]);
});

test.for([undefined, null, "text", { checks: 9 }, { ...receipt, checks: undefined }])(
  "a receipt %j of another form is left out of the words",
  (stored) => {
    const lines = explanationLines({ ...full, receipt: stored });
    expect(lines.filter((line) => /^(Run|Commit|Client file|Checks)/.test(line))).toEqual([
      expect.stringMatching(/^Run/),
    ]);
  },
);
