import { Temporal } from "temporal-polyfill";
import { slotsBetween } from "../due/slots.ts";
import type { Client, Slot } from "../terms.ts";
import type { Day } from "./document.ts";

const dayMs = 86_400_000;

/** Every slot of the coming `days` days; a paused client owes none. */
export function comingSlots(client: Client | undefined, now: Date, days: number): readonly Slot[] {
  if (client === undefined || client.status === "paused") return [];
  return slotsBetween(client, now, new Date(now.getTime() + days * dayMs));
}

/** The days of the head's slots and of those that it drops, in the client's own zone. */
export function calendarDays(
  before: readonly Slot[],
  after: readonly Slot[],
  client: Client,
  now: Date,
): readonly Day[] {
  const clocks = clockChanges(client.timezone, now);
  const [old, kept] = [byDate(before), byDate(after)];
  const dates = [...new Set([...old.keys(), ...kept.keys()])].sort();
  return dates.map((date) => {
    const times = kept.get(date) ?? [];
    const dropped = (old.get(date) ?? []).filter((time) => !times.includes(time));
    const change = clocks.get(date);
    return { date, times, dropped, ...(change !== undefined && { clocks: change }) };
  });
}

/** Slot ids carry the local date and time: `acme/2026-11-21T09:00`. */
function byDate(slots: readonly Slot[]): ReadonlyMap<string, readonly string[]> {
  const local = slots.map(({ id }) => id.slice(id.lastIndexOf("/") + 1).split("T"));
  const dates = Map.groupBy(local, ([date = ""]) => date);
  return new Map([...dates].map(([date, all]) => [date, all.map(([, time = ""]) => time)]));
}

/** Days within two weeks and a bit on which the zone's offset changes, with what the clocks do. */
function clockChanges(timezone: string, now: Date): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const end = now.getTime() + 16 * dayMs;
  let at = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timezone);
  for (;;) {
    const next = at.getTimeZoneTransition("next");
    if (next === null || next.epochMilliseconds > end) return found;
    const shiftMinutes = (next.offsetNanoseconds - next.subtract({ minutes: 1 }).offsetNanoseconds) / 6e10;
    const way = shiftMinutes > 0 ? "forward" : "back";
    found.set(next.toPlainDate().toString(), `clocks go ${way} ${Math.abs(shiftMinutes) / 60} h`);
    at = next;
  }
}
