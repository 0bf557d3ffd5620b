import fc from "fast-check";
import { expect, test } from "vitest";
import type { DueSlot } from "../../src/due/plan.ts";
import { planDue } from "../../src/due/plan.ts";
import { stageRecovery, whyTried } from "../../src/due/stage.ts";
import type { Breaker } from "../../src/ports.ts";
import { exampleClient, exampleState } from "./examples.ts";

const plannedAt = new Date("2026-11-21T08:00Z");

function dueOf(id: string, status: "active" | "rehearsal" = "active"): DueSlot {
  const client = exampleClient({}, { id, status });
  return { slot: { id: `${id}/1`, client: id, plannedAt }, client, latenessSeconds: 0 };
}

function breakerOf(scope: Breaker["scope"], state: Breaker["state"], clients: readonly string[] = []): Breaker {
  return { scope, state, clients, reason: `${scope} is ${state}` };
}

const due = ["acme", "bolt", "cora"].map((id) => dueOf(id));

test.for<{ when: string; breakers: Breaker[]; drafted?: string[]; served: string; reason?: string }>([
  { when: "there is no breaker", breakers: [], served: "acme bolt cora" },
  { when: "X's is open", breakers: [breakerOf("x", "open")], served: "", reason: "x is open" },
  { when: "another run tries a slot", breakers: [breakerOf("x", "tried")], served: "", reason: "x is tried" },
  { when: "X's is half open", breakers: [breakerOf("x", "half-open")], served: "acme", reason: "x is half-open" },
  {
    when: "the first client failed itself",
    breakers: [breakerOf("x", "half-open", ["acme", "cora"])],
    served: "bolt",
    reason: "x is half-open",
  },
  {
    when: "every client failed itself",
    breakers: [breakerOf("x", "half-open", ["acme", "bolt", "cora"])],
    served: "acme",
    reason: "x is half-open",
  },
  {
    when: "the models' is open, and one text is written",
    breakers: [breakerOf("model", "open")],
    drafted: ["bolt/1"],
    served: "bolt",
    reason: "model is open",
  },
  {
    when: "the models' is half open, and one text is written",
    breakers: [breakerOf("model", "half-open")],
    drafted: ["acme/1"],
    served: "acme bolt",
    reason: "model is half-open",
  },
  {
    when: "X's is half open and the models' is open",
    breakers: [breakerOf("model", "open"), breakerOf("x", "half-open")],
    drafted: ["cora/1"],
    served: "cora",
  },
  {
    when: "X's is open and the models' is half open",
    breakers: [breakerOf("x", "open"), breakerOf("model", "half-open")],
    served: "",
    reason: "x is open",
  },
  {
    when: "both are half open, each with other clients that failed",
    breakers: [breakerOf("model", "half-open", ["bolt"]), breakerOf("x", "half-open", ["acme"])],
    served: "acme",
    reason: "model is half-open",
  },
])("when $when, these are served: $served", ({ breakers, drafted = [], served, reason }) => {
  const staged = stageRecovery(due, new Set(drafted), breakers);
  expect(staged.due.map(({ client }) => client.id).join(" ")).toBe(served);
  expect(staged.deferred.length + staged.due.length).toBe(due.length);
  expect(staged.deferred.every(({ cause, report }) => cause === "backing-off" && report)).toBe(true);
  if (reason !== undefined) expect(new Set(staged.deferred.map((slot) => slot.reason))).toEqual(new Set([reason]));
});

test.for<{ when: string; breakers: Breaker[]; drafted?: string[]; served: string }>([
  { when: "X's is open", breakers: [breakerOf("x", "open")], served: "acme dora" },
  { when: "another run tries X", breakers: [breakerOf("x", "tried")], served: "acme dora" },
  { when: "X's is half open", breakers: [breakerOf("x", "half-open")], served: "acme bolt dora" },
  { when: "the models' is half open", breakers: [breakerOf("model", "half-open")], served: "acme" },
  {
    when: "the models' is open, and its text is written",
    breakers: [breakerOf("model", "open")],
    drafted: ["dora/1"],
    served: "dora",
  },
  {
    when: "X's is open and the models' is half open",
    breakers: [breakerOf("x", "open"), breakerOf("model", "half-open")],
    served: "acme",
  },
])("a rehearsal, which never comes to X, waits for the models only: when $when, $served", (each) => {
  const list = [dueOf("acme", "rehearsal"), dueOf("bolt"), dueOf("cora"), dueOf("dora", "rehearsal")];
  const staged = stageRecovery(list, new Set(each.drafted), each.breakers);
  expect(staged.due.map(({ client }) => client.id).join(" ")).toBe(each.served);
});

test("whatever the breakers, no slot is lost, at most one is tried, and one is whenever everything is half open", () => {
  const state = fc.constantFrom("open" as const, "half-open" as const, "tried" as const);
  const ids = due.map(({ client }) => client.id);
  const breaker = fc.record({
    scope: fc.constantFrom("x" as const, "model" as const),
    state,
    reason: fc.constant("no"),
    clients: fc.subarray(ids),
  });
  const rule = (breakers: readonly Breaker[], drafted: readonly string[], rehearsing: readonly string[]) => {
    const list = ids.map((id) => dueOf(id, rehearsing.includes(id) ? "rehearsal" : "active"));
    const staged = stageRecovery(list, new Set(drafted), breakers);
    const seen = [...staged.due.map(({ slot }) => slot), ...staged.deferred.map(({ slot }) => slot)];
    expect(new Set(seen)).toEqual(new Set(list.map(({ slot }) => slot)));
    expect(seen).toHaveLength(list.length);
    const toX = staged.due.filter(({ client }) => client.status === "active");
    if (breakers.some(({ scope }) => scope === "x")) expect(toX.length).toBeLessThanOrEqual(1);
    if (breakers.every((each) => each.state === "half-open")) expect(staged.due.length).toBeGreaterThan(0);
    if (breakers.every(({ scope }) => scope === "x")) expect(staged.due.length - toX.length).toBe(rehearsing.length);
  };
  const drafted = fc.subarray(due.map(({ slot }) => slot.id));
  fc.assert(fc.property(fc.array(breaker, { maxLength: 4 }), drafted, fc.constant([]), rule));
  fc.assert(fc.property(fc.array(breaker, { maxLength: 4 }), drafted, fc.subarray(ids), rule));
});

test("the plan keeps back what a breaker holds, with its words, and asks the longest waiting first", () => {
  const clients = ["bolt", "acme"].map((id) => exampleClient({}, { id }));
  const state = exampleState({ breakers: [breakerOf("x", "half-open")] });
  const now = new Date("2026-11-21T08:05Z");
  const plan = planDue({ clients, broken: new Set(), state, now });
  expect(plan.due.map(({ slot }) => slot.client)).toEqual(["acme"]);
  expect(plan.deferred).toMatchObject([{ slot: { client: "bolt" }, cause: "backing-off", reason: "x is half-open" }]);
  const open = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt, state: "waiting", drafted: true } as const;
  const model = exampleState({ breakers: [breakerOf("model", "open")], open: [open] });
  expect(planDue({ clients, broken: new Set(), state: model, now }).due.map(({ slot }) => slot.client)).toEqual([
    "acme",
  ]);
});

test("a run that lost the race for the tried slot hears of the breaker that its slot needs, and of nothing without one", () => {
  const breakers = [breakerOf("model", "open"), breakerOf("x", "half-open")];
  expect(whyTried(dueOf("acme"), breakers)).toEqual({ reason: "x is half-open", cause: "backing-off" });
  expect(whyTried(dueOf("acme", "rehearsal"), breakers)).toBeUndefined();
  expect(whyTried(dueOf("acme"), [])).toBeUndefined();
});
