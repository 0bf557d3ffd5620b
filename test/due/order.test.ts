import { expect, test } from "vitest";
import { orderFairly } from "../../src/due/order.ts";
import { exampleClient, exampleClientState, exampleState } from "./examples.ts";

function due(client: string, plannedAt: string) {
  const slot = { id: `${client}/2026-11-21T09:00`, client, plannedAt: new Date(plannedAt) };
  return { slot, client: exampleClient({}, { id: client }), latenessSeconds: 0 };
}

function served(slots: ReturnType<typeof due>[], lastTurns: Record<string, string> = {}): string[] {
  const clients = new Map(
    Object.entries(lastTurns).map(([id, at]) => [id, exampleClientState({ lastTurnAt: new Date(at) })]),
  );
  return orderFairly(slots, exampleState({ clients })).map(({ client }) => client.id);
}

test("the client whose last turn is longest ago comes first, whatever slot waits longest; one that had none before all", () => {
  const slots = [due("a", "2026-11-21T09:00Z"), due("b", "2026-11-21T09:01Z"), due("c", "2026-11-21T09:02Z")];
  expect(served(slots, { a: "2026-11-20T09:00Z", b: "2026-11-18T09:00Z" })).toEqual(["c", "b", "a"]);
});

test("of clients that had their turn at the same time, the slot that waits longest comes first", () => {
  const slots = [due("a", "2026-11-21T09:05Z"), due("b", "2026-11-21T09:00Z")];
  expect(served(slots)).toEqual(["b", "a"]);
});

test("otherwise the slot id decides, so that every run has the same order", () => {
  const slots = ["c", "a", "b"].map((client) => due(client, "2026-11-21T09:00Z"));
  expect(served(slots)).toEqual(["a", "b", "c"]);
  expect(served(slots.reverse())).toEqual(["a", "b", "c"]);
});

test("the given list stays as it is", () => {
  const slots = Object.freeze([due("b", "2026-11-21T09:00Z"), due("a", "2026-11-21T09:00Z")]);
  expect(orderFairly(slots, exampleState()).map(({ client }) => client.id)).toEqual(["a", "b"]);
  expect(slots.map(({ client }) => client.id)).toEqual(["b", "a"]);
});
