import type { Explanation } from "../../src/levers.ts";
import type { Evidence, PublicPost } from "../../src/simulate/evidence.ts";
import { openJournal } from "../../src/simulate/journal.ts";
import type { SlotRow } from "../../src/simulate/ledger-rows.ts";
import type { Client } from "../../src/terms.ts";
import { exampleClient } from "../due/examples.ts";

export const plannedAt = new Date("2026-11-21T09:00:00Z");
export const id = "acme/2026-11-21T09:00";

/** Minutes behind the planned time. */
export function minutes(count: number): Date {
  return new Date(plannedAt.getTime() + count * 60_000);
}

const acme: Client = exampleClient({}, { xUserId: "42" });

export function row(change: Partial<SlotRow> = {}): SlotRow {
  const ended = { state: "posted", reason: "", run: "run-1", changedAt: minutes(5) };
  return { id, client: "acme", plannedAt, ...ended, modelUsd: 0.001, xUsd: 0.015, ...change };
}

export function post(change: Partial<PublicPost> = {}): PublicPost {
  const createdAt = change.createdAt ?? minutes(5);
  return {
    id: "77",
    xUserId: "42",
    text: "one",
    createdAt,
    visibleAt: createdAt,
    madeWithAi: false,
    slot: id,
    ...change,
  };
}

const receipt = {
  run: { id: "run-1", commit: "abc", startedAt: minutes(4).toISOString() },
  prompt: { version: "1.0.0" },
  checks: [{}],
};

export function explanation(change: Partial<Explanation> = {}): Explanation {
  return {
    slot: id,
    client: "acme",
    plannedAt,
    state: "posted",
    changedAt: minutes(5),
    completions: 1,
    inputTokens: 10,
    cachedTokens: 0,
    outputTokens: 10,
    modelUsd: 0.001,
    xUsd: 0.015,
    draft: {
      text: "one",
      hash: "h",
      source: "model",
      model: "openai/gpt-5-mini",
      prompt: "plain",
      promptVersion: "1.0.0",
      topic: "tea",
      hasLink: false,
    },
    receipt,
    post: { id: "77", xUserId: "42", postedAt: minutes(5) },
    run: { id: "run-1", commit: "abc", mode: {}, startedAt: minutes(4) },
    sends: [],
    retries: [],
    ...change,
  };
}

/** A month in which one slot was owed, written, sent and recorded as it is meant to be; a test plants what is wrong. */
export function evidence(change: Partial<Evidence> = {}): Evidence {
  const journal = openJournal();
  const [run, client] = ["run-1", "acme"];
  journal.runs.push({ id: run, startedAt: minutes(4), ended: "done" });
  journal.claims.set("run-1 acme", id);
  journal.claimed.push({ run, client, claimedAt: minutes(4) });
  for (const [key, after] of [["model:client:acme", 4] as const, ["send:account:42", 4.8] as const]) {
    journal.takes.push({ run, by: "Upstash", keys: [key, "all"], allowed: true, answeredAt: minutes(after) });
  }
  journal.days.set("run-1 acme", { day: "2026-11-21", globalDay: "2026-11-21" });
  journal.completions.push({
    run,
    client,
    model: "openai/gpt-5-mini",
    priced: true,
    worked: true,
    askedAt: minutes(4),
    usd: 0.001,
  });
  journal.sends.push({ run, client, text: "one", sentAt: minutes(5) });
  journal.charges.push({ account: "42", client, kind: "post", usd: 0.015 });
  const limits = { postsPerDay: 2, completionsPerDay: 4, usdPerMonth: 1 };
  return {
    clients: new Map([["acme", { ...acme, limits }]]),
    workspace: {
      prices: { models: new Map(), x: { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 } },
      defaults: { recipients: [], global: limits },
    },
    owed: [{ id, client, plannedAt }],
    ahead: [],
    lastTickAt: minutes(120),
    standing: [],
    slots: new Map([[id, row()]]),
    drafts: new Map([[id, { slot: id, text: "one", storedAt: minutes(4.5) }]]),
    intents: [{ slot: id, client, run, armedAt: minutes(4.9) }],
    spend: [
      { scope: "acme", period: "2026-11-21", posts: 1, completions: 1, usd: 0.016 },
      { scope: "acme", period: "2026-11", posts: 1, completions: 1, usd: 0.016 },
    ],
    posts: [post()],
    receipts: new Map([[id, explanation()]]),
    journal,
    watch: { lines: 10, summaries: 1, hostile: 0, leaks: [], unescaped: [] },
    ledgerGone: [],
    leakingTables: [],
    rows: 9,
    ...change,
  };
}

/** The journal of that month with something else in it. */
export function withJournal(change: (journal: Evidence["journal"]) => void): Partial<Evidence> {
  const { journal } = evidence();
  change(journal);
  return { journal };
}

/** The client with another schedule. */
export function withClient(schedule: Partial<Client["schedule"]>): Partial<Evidence> {
  const { clients } = evidence();
  const client = clients.get("acme") as Client;
  return { clients: new Map([["acme", { ...client, schedule: { ...client.schedule, ...schedule } }]]) };
}
