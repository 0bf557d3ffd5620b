import fc from "fast-check";
import { type DuePlan, type DueSlot, planDue } from "../../src/due/plan.ts";
import type { TickState } from "../../src/ports.ts";
import type { Client } from "../../src/terms.ts";
import { exampleClient } from "./examples.ts";

const minute = 60_000;
const start = new Date("2026-11-21T00:00:00Z");

/** How long a client rests after X has said so. */
export const restMs = 20 * minute;

/**
 * How a slot that had room ends. without credentials: it is put back before anything is asked. out of requests: X refuses its
 * send, and the client rests.
 */
const endings = ["posted", "skipped", "dead", "without credentials", "out of requests"] as const;
export type Ending = (typeof endings)[number];

export interface TickOf {
  afterMinutes: number;
  /** The limits have room for the first so many only. */
  room: number;
  /** Of the slots that have room, each in its turn. */
  endings: readonly Ending[];
  /** What had room goes back all the same, for no client's sake: as when a limiter is empty, or the run is stopped. */
  isStopped: boolean;
}

/** What keeps the record between ticks. */
export interface Book {
  read(now: Date): Promise<TickState>;
  /** Records what became of every slot of a plan; answers with those that had room. */
  keep(plan: DuePlan, tick: Pick<TickOf, "room" | "isStopped"> & { now: Date; ending: EndingOf }): Promise<DueSlot[]>;
}

/** The ending of the nth slot that had room. */
export type EndingOf = (slot: DueSlot, n: number) => Ending;

/** The clients that were due in a tick, in order, and those of them that had their turn. */
export interface Turn {
  due: readonly string[];
  served: readonly string[];
}

/** Plays the ticks as `run.ts` does: plan, order, claim, reserve for as many as there is room for, end those. */
export async function play(clients: readonly Client[], ticks: readonly TickOf[], book: Book): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  let now = start;
  for (const { afterMinutes, endings: drawn, ...tick } of ticks) {
    now = new Date(now.getTime() + afterMinutes * minute);
    const plan = planDue({ clients, broken: new Set(), state: await book.read(now), now });
    const hadRoom = await book.keep(plan, { ...tick, now, ending: endingOf(drawn) });
    turns.push({ due: plan.due.map(clientId), served: tick.isStopped ? [] : hadRoom.map(clientId) });
  }
  return turns;
}

const clientId = ({ client }: DueSlot) => client.id;

/** A rehearsal is written and never sent, so X says nothing of it. */
function endingOf(drawn: readonly Ending[]): EndingOf {
  return ({ client }, n) => {
    const ending = drawn[n % drawn.length] ?? "posted";
    return client.status === "active" || ending === "without credentials" ? ending : "skipped";
  };
}

/** The ticks from some on in which a client was due, and had no turn. */
function waits(turns: readonly Turn[], from: number, name: string): readonly Turn[] {
  const rest = turns.slice(from);
  const end = rest.findIndex(({ due, served }) => !due.includes(name) || served.includes(name));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The most turns that any other client had while `name` waited from some tick on. */
export function mostTurnsOfOthers(turns: readonly Turn[], name: string): number {
  const counts = turns.flatMap((_, from) => {
    const ids = waits(turns, from, name).flatMap(({ served }) => served);
    return [...Map.groupBy(ids, (id) => id).values()].map(({ length }) => length);
  });
  return Math.max(0, ...counts);
}

export const dense = Array.from({ length: 96 }, (_, quarter) => {
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

export const someClients = fc
  .array(fc.tuple(scheduleOf, fc.constantFrom("active" as const, "active" as const, "rehearsal" as const)), {
    minLength: 2,
    maxLength: 6,
  })
  .map((all) =>
    all.map(([schedule, status], index) => exampleClient(schedule, { id: `client-${index}`, status, timezone: "UTC" })),
  );

export const someTicks = (maxLength: number) =>
  fc.array(
    fc.record({
      afterMinutes: fc.integer({ min: 3, max: 60 }),
      room: fc.constantFrom(0, 1, 1, 1, 2, 3),
      endings: fc.array(fc.constantFrom(...endings), { minLength: 3, maxLength: 3 }),
      isStopped: fc.constantFrom(true, ...Array<false>(6).fill(false)),
    }),
    { minLength: 10, maxLength },
  );
