import { describe, expect, test } from "vitest";
import { planDue } from "../../src/due/plan.ts";
import type { ClientState } from "../../src/ports.ts";
import type { Client, ClientStatus } from "../../src/terms.ts";
import { exampleClient, exampleClientState, exampleState } from "./examples.ts";

const now = new Date("2026-11-20T08:10:00Z");
const hourMs = 3_600_000;

/** A client that posts on Sundays only; it is Friday. */
function weekly(id: string, status: ClientStatus = "active"): Client {
  return exampleClient({ days: [7] }, { id, status });
}

/** Clients whose watermark moves, by the hours since it moved last. */
function moved(clients: readonly Client[], ages: Readonly<Record<string, number>>, broken: readonly string[] = []) {
  const seen = (hours: number) => exampleClientState({ plannedUntil: new Date(now.getTime() - hours * hourMs) });
  const known: [string, ClientState][] = Object.entries(ages).map(([id, hours]) => [id, seen(hours)]);
  // Halted before anything of it was ever planned: the ledger has no row that could move.
  const state = exampleState({ clients: new Map([...known, ["halted", { accounts: new Map(), halted: "why" }]]) });
  const { due, deferred, closed, planned } = planDue({ clients, broken: new Set(broken), state, now });
  expect([...deferred, ...closed]).toEqual([]);
  return { due: due.map(({ slot }) => slot.id), moved: planned };
}

describe("with nothing to say of a client, its watermark", () => {
  test.for([
    { hours: 0, moves: false },
    { hours: 23.99, moves: false },
    { hours: 24, moves: true },
    { hours: 24 * 30, moves: true },
    { hours: -1, moves: false },
  ])("that is $hours h old moves: $moves", ({ hours, moves }) => {
    const expected = { due: [], moved: moves ? ["acme"] : [] };
    const elsewhere = exampleClient({ except: [{ from: "2026-01-01", to: "2026-12-31" }] });
    expect(moved([elsewhere], { acme: hours })).toEqual(expected);
    expect(moved([], { acme: hours }), "its file was removed").toEqual(expected);
    expect(moved([weekly("acme", "paused")], { acme: hours }), "it is paused").toEqual(expected);
    expect(moved([], { acme: hours }, ["acme"]), "its file is broken, or another run's").toEqual({
      due: [],
      moved: [],
    });
  });

  test("moves with the first one that is a day old when it is half a day old: one call for both", () => {
    const clients = ["acme", "bolt", "cora"].map((id) => weekly(id));
    expect(moved(clients, { acme: 23, bolt: 13, cora: 11, gone: 12 }).moved).toEqual([]);
    expect(moved(clients, { acme: 24, bolt: 13, cora: 11, gone: 12 }).moved).toEqual(["acme", "bolt", "gone"]);
  });

  test("moves when the ledger has none", () => {
    expect(moved([weekly("acme"), weekly("bolt", "paused")], {}).moved).toEqual(["acme", "bolt"]);
  });
});

describe("a paused client", () => {
  const paused = exampleClient({}, { status: "paused" });

  test.for([
    { when: "let a slot pass", hours: 0.25, moves: ["acme"] },
    { when: "let none pass since", hours: 0.1, moves: [] },
  ])("that $when has its watermark moved: $moves", ({ hours, moves }) => {
    expect(moved([paused], { acme: hours })).toEqual({ due: [], moved: moves });
  });

  test("moves nobody else's", () => {
    expect(moved([paused, weekly("bolt")], { acme: 0.25, bolt: 20 }).moved).toEqual(["acme"]);
  });
});

test("a client with a slot in the plan moves, and nobody else", () => {
  const daily = exampleClient();
  expect(moved([daily, weekly("bolt")], { acme: 1, bolt: 20 })).toEqual({
    due: ["acme/2026-11-20T09:00"],
    moved: ["acme"],
  });
});
