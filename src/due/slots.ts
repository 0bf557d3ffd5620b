import { createHash } from "node:crypto";
import { Temporal } from "temporal-polyfill";
import type { Client, Schedule, Slot } from "../terms.ts";

/**
 * Every slot whose nominal instant (local date and time, without jitter) lies in (after, until], in that order.
 * A local time that does not exist moves forward; of a doubled hour the first pass counts.
 */
export function slotsBetween(client: Client, after: Date, until: Date): Slot[] {
  if (until <= after) return [];
  // One day more on both sides: a date that a zone skips (Samoa, 2011-12-30) lands on the next one, and a clock set
  // back over midnight shows yesterday's date after today's.
  const last = localDate(until, client).add({ days: 1 });
  const found: { nominalMs: number; slot: Slot }[] = [];
  for (let date = localDate(after, client).subtract({ days: 1 }); !isAfter(date, last); date = date.add({ days: 1 })) {
    if (!owesSlotsOn(client.schedule, date)) continue;
    for (const time of client.schedule.times) {
      const nominalMs = nominalInstantMs(date, time, client.timezone);
      if (nominalMs > after.getTime() && nominalMs <= until.getTime()) {
        found.push({ nominalMs, slot: toSlot(client, `${client.id}/${date}T${time}`, nominalMs) });
      }
    }
  }
  found.sort((one, other) => one.nominalMs - other.nominalMs || compareText(one.slot.id, other.slot.id));
  return found.map(({ slot }) => slot);
}

/** The first slot that is nominally after an instant; undefined when none comes within 366 days or the client is paused. */
export function nextSlot(client: Client, after: Date): Slot | undefined {
  if (client.status === "paused") return undefined;
  // Most clients post within a day; the whole year is searched only for those that do not within a week.
  for (const days of [1, 8, 366]) {
    const [first] = slotsBetween(client, after, new Date(after.getTime() + days * 86_400_000));
    if (first !== undefined) return first;
  }
  return undefined;
}

/** Whether the client's schedule still has the nominal date and time of a slot id. */
export function isScheduled(client: Client, slotId: string): boolean {
  const nominal = slotId.startsWith(`${client.id}/`) ? slotId.slice(client.id.length + 1) : "";
  const [, year, month, day, time] = /^(\d{4})-(0[1-9]|1\d)-(0[1-9]|[123]\d)T(\d\d:\d\d)$/.exec(nominal) ?? [];
  if (time === undefined || !client.schedule.times.includes(time)) return false;
  const date = Temporal.PlainDate.from({ year: Number(year), month: Number(month), day: Number(day) });
  return nominal === `${date}T${time}` && owesSlotsOn(client.schedule, date);
}

function localDate(instant: Date, client: Client): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(client.timezone).toPlainDate();
}

function isAfter(date: Temporal.PlainDate, other: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(date, other) > 0;
}

function owesSlotsOn(schedule: Schedule, date: Temporal.PlainDate): boolean {
  if (!schedule.days.includes(date.dayOfWeek)) return false;
  const day = date.toString();
  return !schedule.except.some(({ from, to }) => from <= day && day <= to);
}

function nominalInstantMs(date: Temporal.PlainDate, time: string, timezone: string): number {
  const local = date.toPlainDateTime(time);
  return local.toZonedDateTime(timezone, { disambiguation: "compatible" }).epochMilliseconds;
}

function toSlot(client: Client, id: string, nominalMs: number): Slot {
  const jitterMs = jitterOf(id, client.schedule.jitterSeconds) * 1000;
  return { id, client: client.id, plannedAt: new Date(nominalMs + jitterMs) };
}

/** Whole seconds in [0, jitterSeconds), the same for the same slot on every run and machine. */
function jitterOf(slotId: string, jitterSeconds: number): number {
  const random = createHash("sha256").update(slotId).digest().readUIntBE(0, 6) / 2 ** 48;
  return Math.floor(random * jitterSeconds);
}

/** By code units, so that the order is the same in every locale. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
