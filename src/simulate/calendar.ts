import type { Client } from "../terms.ts";
import type { Evidence } from "./evidence.ts";

/** What became of the slots of one client on one day of its own zone. */
export interface DayCounts {
  posted: number;
  /** Posted more than `lateAfterSeconds` behind the planned time. */
  late: number;
  missed: number;
  skipped: number;
  dead: number;
  open: number;
}

export interface ClientCalendar {
  client: string;
  /** By local date. */
  days: Readonly<Record<string, DayCounts>>;
  total: DayCounts;
}

/** A post behind this is called late: two ticks of the shipped schedule. */
export const lateAfterSeconds = 1800;

/** One calendar for each client, in the order of the clients. */
export function calendarOf(evidence: Evidence): readonly ClientCalendar[] {
  const owed = Map.groupBy(evidence.owed, ({ client }) => client);
  const lateness = latenessBySlot(evidence);
  return [...evidence.clients.values()].map((client) => {
    const days: Record<string, DayCounts> = {};
    const total = nothing();
    for (const { id } of owed.get(client.id) ?? []) {
      const state = evidence.slots.get(id)?.state ?? "open";
      const day = dayOf(id, client);
      const counts = days[day] ?? nothing();
      days[day] = counts;
      for (const sum of [counts, total]) count(sum, state, lateness.get(id) ?? 0);
    }
    return { client: client.id, days, total };
  });
}

/** Seconds between planned and posted, by slot, for every post on X. */
export function latenessBySlot({ posts, slots }: Evidence): ReadonlyMap<string, number> {
  return new Map(
    posts.flatMap(({ slot = "", createdAt }) => {
      const plannedAt = slots.get(slot)?.plannedAt;
      return plannedAt === undefined ? [] : [[slot, (createdAt.getTime() - plannedAt.getTime()) / 1000] as const];
    }),
  );
}

function count(counts: DayCounts, state: string, lateSeconds: number): void {
  if (state === "posted") {
    counts.posted += 1;
    if (lateSeconds > lateAfterSeconds) counts.late += 1;
  } else if (state === "missed" || state === "skipped" || state === "dead") counts[state] += 1;
  else counts.open += 1;
}

/** The local date that a slot's id carries. */
function dayOf(slot: string, { id }: Client): string {
  return slot.slice(id.length + 1, id.length + 11);
}

function nothing(): DayCounts {
  return { posted: 0, late: 0, missed: 0, skipped: 0, dead: 0, open: 0 };
}
