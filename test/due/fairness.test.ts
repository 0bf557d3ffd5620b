import fc from "fast-check";
import { expect, test } from "vitest";
import { orderFairly } from "../../src/due/order.ts";
import { type DuePlan, type DueSlot, planDue } from "../../src/due/plan.ts";
import type { ClientState, OpenSlot, TickState } from "../../src/ports.ts";
import type { Client } from "../../src/terms.ts";
import { exampleClient } from "./examples.ts";

const minute = 60_000;
const start = new Date("2026-11-21T00:00:00Z");

/** What the ledger keeps that the plan and the order look at. */
interface World {
  now: Date;
  waiting: Map<string, OpenSlot>;
  clients: Map<string, ClientState>;
}

interface TickOf {
  afterMinutes: number;
  /** The limits have room for the first so many only. */
  room: number;
  /** Otherwise they end without a post, as when no text passes the checks. */
  posts: boolean;
}

/** Who was due in a tick, in order, and how many of them were served. */
interface Turn {
  due: readonly DueSlot[];
  served: number;
}

/** Plays the ticks as `run.ts` does: plan, order, claim, reserve for as many as there is room for; those have their turn. */
function play(clients: readonly Client[], ticks: readonly TickOf[]): readonly Turn[] {
  const world: World = { now: start, waiting: new Map(), clients: new Map() };
  return ticks.map(({ afterMinutes, room, posts }) => {
    world.now = new Date(world.now.getTime() + afterMinutes * minute);
    const state: TickState = { clients: new Map(world.clients), open: [...world.waiting.values()], unsettled: [] };
    const plan = planDue({ clients, broken: new Set(), state, now: world.now });
    const due = orderFairly(plan.due, state);
    keep(world, plan, { served: due.slice(0, room), posts });
    return { due, served: Math.min(room, due.length) };
  });
}

function keep(
  { now, waiting, clients }: World,
  plan: DuePlan,
  { served, posts }: { served: readonly DueSlot[]; posts: boolean },
): void {
  for (const { slot } of plan.closed) waiting.delete(slot.id);
  for (const { slot } of [...plan.deferred, ...plan.due]) waiting.set(slot.id, { ...slot, state: "waiting" });
  for (const id of plan.planned) {
    clients.set(id, { accounts: new Map(), ...clients.get(id), plannedUntil: now });
  }
  for (const { slot, client } of served) {
    waiting.delete(slot.id);
    const known = clients.get(client.id) ?? { accounts: new Map() };
    const isSent = posts && client.status === "active";
    clients.set(client.id, { ...known, lastTurnAt: now, ...(isSent && { lastSentAt: now }) });
  }
}

/** The client was due in each of these ticks, and served in none. */
function waits(turns: readonly Turn[], from: number, name: string): readonly Turn[] {
  const isWaiting = ({ due, served }: Turn) => due.findIndex(({ client }) => client.id === name) >= served;
  const rest = turns.slice(from);
  const end = rest.findIndex((turn) => !isWaiting(turn));
  return end === -1 ? rest : rest.slice(0, end);
}

const clientId = ({ client }: DueSlot) => client.id;

/** The most turns that any other client had while `name` waited from some tick on. */
function mostTurnsOfOthers(turns: readonly Turn[], name: string): number {
  const counts = turns.flatMap((_, from) => {
    const ids = waits(turns, from, name).flatMap(({ due, served }) => due.slice(0, served).map(clientId));
    return [...Map.groupBy(ids, (id) => id).values()].map(({ length }) => length);
  });
  return Math.max(0, ...counts);
}

const dense = Array.from({ length: 96 }, (_, quarter) => {
  const [hour, rest] = [Math.floor(quarter / 4), (quarter % 4) * 15];
  return `${String(hour).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
});

const scheduleOf = fc.record({
  /** From 96 slots a day to one. */
  times: fc.oneof(
    fc.constant(dense),
    fc.subarray(dense, { minLength: 1, maxLength: 4 }),
    fc.subarray(dense, { minLength: 5, maxLength: 60 }),
  ),
  jitterSeconds: fc.constantFrom(0, 0, 300),
  lateWithinSeconds: fc.constantFrom(15 * 60, 6 * 3600),
  lateThen: fc.constantFrom("skip" as const, "post" as const),
  minGapSeconds: fc.constantFrom(0, 600, 3600),
});

const clientsWith = (status: fc.Arbitrary<Client["status"]>) =>
  fc
    .array(fc.tuple(scheduleOf, status), { minLength: 2, maxLength: 6 })
    .map((all) =>
      all.map(([schedule, clientStatus], index) =>
        exampleClient(schedule, { id: `client-${index}`, status: clientStatus, timezone: "UTC" }),
      ),
    );

const ticksOf = fc.array(
  fc.record({
    afterMinutes: fc.integer({ min: 3, max: 60 }),
    room: fc.constantFrom(0, 1, 1, 1, 2, 3),
    posts: fc.boolean(),
  }),
  { minLength: 10, maxLength: 35 },
);

test("while a client is due and waits, no other has more than one turn, whether turns end with a post or without", () => {
  let waited = 0;
  fc.assert(
    fc.property(clientsWith(fc.constantFrom("active", "active", "rehearsal")), ticksOf, (clients, ticks) => {
      const turns = play(clients, ticks);
      for (const { id } of clients) {
        const most = mostTurnsOfOthers(turns, id);
        expect(most, `turns of others while ${id} waited`).toBeLessThanOrEqual(1);
        waited += most;
      }
    }),
    { numRuns: 80 },
  );
  expect(waited, "clients that waited for others").toBeGreaterThan(40);
});

test("with room for one in a tick, a client with a slot every 15 minutes posts as often as those with a few", () => {
  const schedule = { minGapSeconds: 0, lateWithinSeconds: 86_400 };
  const clients = [
    exampleClient({ ...schedule, times: dense }, { id: "dense", timezone: "UTC" }),
    ...[1, 2, 3].map((n) =>
      exampleClient(
        { ...schedule, times: dense.filter((_, quarter) => quarter % 3 === n % 3) },
        { id: `rare-${n}`, timezone: "UTC" },
      ),
    ),
  ];
  const turns = play(
    clients,
    Array.from({ length: 40 }, () => ({ afterMinutes: 15, room: 1, posts: true })),
  );
  const posts = Map.groupBy(
    turns.flatMap(({ due, served }) => due.slice(0, served).map(clientId)),
    (id) => id,
  );
  expect(posts.get("dense")?.length).toBeGreaterThanOrEqual(10);
});
