import fc from "fast-check";
import { expect, test } from "vitest";
import type { DuePlan } from "../../src/due/plan.ts";
import { planDue } from "../../src/due/plan.ts";
import { slotsBetween } from "../../src/due/slots.ts";
import type { ClientState, OpenSlot, TickState } from "../../src/ports.ts";
import type { Client, Slot, SlotState } from "../../src/terms.ts";
import { exampleClient } from "./examples.ts";

const minute = 60_000;
const leaseMs = 10 * minute;

interface Row {
  id: string;
  client: string;
  plannedAt: Date;
  state: SlotState;
  leaseUntil?: Date;
  sends: number;
}

/** What the world does around one tick. */
interface Tick {
  /** Negative when the machine's clock was wrong. */
  afterMinutes: number;
  fate: "posts" | "crashes" | "sends into the dark" | "is put back";
  trouble: "none" | "broken" | "paused" | "removed" | "halted";
  /** The schedule that the clients have in this tick. */
  times: string[];
  jitterSeconds: number;
  settles: boolean;
}

/** The smallest ledger that the plan can be played against. It refuses what the real one refuses. */
interface World {
  now: Date;
  rows: Map<string, Row>;
  clients: Map<string, ClientState>;
  sentAt: Map<string, Date[]>;
  /** Every slot that some tick had to plan, by the test's own account. */
  owed: Set<string>;
  /** Every slot whose time had come, in a tick that found its client paused. */
  passed: Set<string>;
}

function worldAt(start: string): World {
  return {
    now: new Date(start),
    rows: new Map(),
    clients: new Map(),
    sentAt: new Map(),
    owed: new Set(),
    passed: new Set(),
  };
}

function read(world: World, halted: boolean): TickState {
  const open = [...world.rows.values()].filter(isOpen).map(({ sends, ...slot }) => slot);
  return { clients: new Map(world.clients), open, unsettled: [], ...(halted && { halted: "a person said so" }) };
}

function apply(world: World, plan: DuePlan, tick: Tick): void {
  for (const { slot, outcome } of plan.closed) put(world, slot, outcome);
  for (const { slot } of plan.deferred) put(world, slot, "waiting");
  for (const { slot } of plan.due) serve(world, put(world, slot, "claimed"), tick.fate);
  for (const id of plan.planned) {
    world.clients.set(id, { accounts: new Map(), ...world.clients.get(id), plannedUntil: world.now });
  }
  if (tick.settles) for (const row of world.rows.values()) if (row.state === "unknown") send(world, row);
}

function put(world: World, slot: Slot, state: SlotState): Row {
  const known = world.rows.get(slot.id);
  // An ended slot never comes back, and nobody takes what another holds.
  if (known !== undefined) expect(["waiting", "claimed"]).toContain(known.state);
  if (known?.state === "claimed") expect(known.leaseUntil?.getTime()).toBeLessThanOrEqual(world.now.getTime());
  if (known !== undefined) expect(slot.plannedAt).toEqual(known.plannedAt);
  const leaseUntil = new Date(world.now.getTime() + leaseMs);
  const row = { sends: 0, ...known, ...slot, state, leaseUntil };
  world.rows.set(slot.id, row);
  return row;
}

function serve(world: World, row: Row, fate: Tick["fate"]): void {
  if (fate === "posts") send(world, row);
  if (fate === "sends into the dark") row.state = "unknown";
  if (fate === "is put back") row.state = "waiting";
}

function send(world: World, row: Row): void {
  row.state = "posted";
  row.sends += 1;
  world.sentAt.set(row.client, [...(world.sentAt.get(row.client) ?? []), world.now]);
  const known = world.clients.get(row.client) ?? { plannedUntil: world.now, accounts: new Map() };
  world.clients.set(row.client, { ...known, lastSentAt: world.now });
}

function isOpen(row: Row): row is Row & OpenSlot {
  return ["waiting", "claimed", "armed", "unknown"].includes(row.state);
}

function clientsOf(tick: Tick, lateThen: "skip" | "post"): Client[] {
  const schedule = { times: tick.times, jitterSeconds: tick.jitterSeconds, lateThen };
  const status = tick.trouble === "paused" ? "paused" : "active";
  return [
    exampleClient(schedule, { id: "berlin", status }),
    exampleClient({ ...schedule, minGapSeconds: 7200 }, { id: "lord-howe", timezone: "Australia/Lord_Howe" }),
  ];
}

/** Plays one tick and checks what must hold after every one of them. `trouble` concerns the client in Berlin. */
function play(world: World, tick: Tick, lateThen: "skip" | "post"): void {
  world.now = new Date(world.now.getTime() + tick.afterMinutes * minute);
  const all = clientsOf(tick, lateThen);
  const troubled = ["broken", "removed"].includes(tick.trouble) ? "berlin" : undefined;
  const clients = all.filter(({ id }) => id !== troubled);
  const broken = new Set(tick.trouble === "broken" ? ["berlin"] : []);
  const state = read(world, tick.trouble === "halted");
  const owing = clients.filter(({ status }) => status !== "paused");
  const fresh = owing.flatMap((client) => newSlots(world, client));
  const plan = planDue({ clients, broken, state, now: world.now });
  const named = [...plan.due, ...plan.deferred, ...plan.closed].map(({ slot }) => slot.id);
  expect(new Set(named).size, "no slot has two fates").toBe(named.length);
  const held = state.open.filter((slot) => isHeld(slot, world.now) || broken.has(slot.client)).map(({ id }) => id);
  const owed = new Set([...fresh, ...state.open.map(({ id }) => id)]);
  expect(new Set([...named, ...held]), "every owed slot has a fate or a holder").toEqual(owed);
  expect(named.filter((id) => held.includes(id))).toEqual([]);
  const perClient = Map.groupBy(plan.due, ({ client }) => client.id);
  expect(
    [...perClient.values()].every((due) => due.length === 1),
    "one slot per client and tick",
  ).toBe(true);
  if (tick.trouble === "halted") expect(plan.due).toEqual([]);
  for (const id of fresh) {
    expect(world.passed, "the pause is over, and what it let pass is not owed").not.toContain(id);
    world.owed.add(id);
  }
  const passed = clients.filter(({ status }) => status === "paused").flatMap((client) => newSlots(world, client));
  apply(world, plan, tick);
  for (const id of passed) if (!world.rows.has(id)) world.passed.add(id);
  for (const [id, { plannedUntil }] of world.clients) {
    if (broken.has(id)) continue;
    expect(plannedUntil?.getTime(), "no watermark is a day old").toBeGreaterThan(world.now.getTime() - 1440 * minute);
  }
}

function newSlots(world: World, client: Client): string[] {
  const firstTick = new Date(world.now.getTime() - client.schedule.lateWithinSeconds * 1000);
  const since = world.clients.get(client.id)?.plannedUntil ?? firstTick;
  return slotsBetween(client, since, world.now).map(({ id }) => id);
}

function isHeld(slot: OpenSlot, now: Date): boolean {
  if (slot.state === "claimed") return slot.leaseUntil !== undefined && slot.leaseUntil > now;
  return slot.state === "unknown" || slot.state === "armed";
}

const tickOf = fc.record<Tick>({
  afterMinutes: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 3, arbitrary: fc.integer({ min: 41, max: 600 }) },
    { weight: 1, arbitrary: fc.integer({ min: 601, max: 6000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -90, max: -1 }) },
  ),
  fate: fc.constantFrom("posts", "posts", "crashes", "sends into the dark", "is put back"),
  trouble: fc.constantFrom("none", "none", "none", "broken", "paused", "removed", "halted"),
  times: fc.constantFrom(
    ["01:30", "01:45", "02:15", "02:30", "03:00"],
    ["02:30", "09:00"],
    ["00:00", "02:15", "23:59"],
  ),
  jitterSeconds: fc.constantFrom(0, 300, 2400),
  settles: fc.boolean(),
});

const beforeClockChanges = ["2026-03-28T20:00Z", "2026-10-24T20:00Z", "2026-04-04T10:00Z", "2026-10-03T10:00Z"];

test("whatever the ticks, no slot has two fates, comes back after its end, is sent twice, or is lost", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...beforeClockChanges),
      fc.constantFrom("skip" as const, "post" as const),
      fc.array(tickOf, { minLength: 1, maxLength: 40 }),
      (start, lateThen, ticks) => {
        const world = worldAt(start);
        for (const tick of ticks) play(world, tick, lateThen);
        const owed = [...world.owed];
        expect(
          owed.every((id) => world.rows.has(id)),
          "the ledger has every slot that was owed",
        ).toBe(true);
        // Days without trouble: whatever was left open has to end now.
        const calm: Tick = { ...(ticks[0] as Tick), afterMinutes: 1440, fate: "posts", trouble: "none", settles: true };
        for (let days = 0; days < 4; days += 1) play(world, calm, lateThen);
        const left = owed.filter((id) => !["posted", "skipped", "missed"].includes(world.rows.get(id)?.state ?? ""));
        expect(left, "every slot that came due has ended").toEqual([]);
        expect([...world.rows.values()].every(({ sends }) => sends <= 1)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("whatever the ticks, two posts of a client are at least min_gap apart", () => {
  fc.assert(
    fc.property(fc.constantFrom(...beforeClockChanges), fc.array(tickOf, { maxLength: 40 }), (start, ticks) => {
      const world = worldAt(start);
      for (const tick of ticks) play(world, { ...tick, fate: "posts" }, "post");
      for (const [client, gapMinutes] of [
        ["berlin", 30],
        ["lord-howe", 120],
      ] as const) {
        const sent = world.sentAt.get(client) ?? [];
        const gaps = sent.slice(1).map((at, index) => at.getTime() - (sent[index]?.getTime() ?? 0));
        expect(gaps.every((gap) => gap >= gapMinutes * minute)).toBe(true);
      }
    }),
    { numRuns: 1500 },
  );
});
