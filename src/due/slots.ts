import { createHash } from "node:crypto";
import type { Client, Schedule, Slot } from "../terms.ts";
import { askedZones, instantOf, offsetAt, offsetsOf, type Zones } from "./zones.ts";

const dayMs = 86_400_000;

/**
 * Every slot whose nominal instant (local date and time, without jitter) lies in (after, until], in that order.
 * A local time that does not exist moves forward; of a doubled hour the first pass counts.
 */
export function slotsBetween(client: Client, after: Date, until: Date, zones: Zones = askedZones): Slot[] {
  return nominalsBetween(client, after, until, zones).map((nominal) => toSlot(client, nominal));
}

/** The first slot that is nominally after an instant; undefined when none comes within 366 days or the client is paused. */
export function nextSlot(client: Client, after: Date, zones: Zones = askedZones): Slot | undefined {
  if (client.status === "paused") return undefined;
  // Most clients post within a day or a week; the whole year is searched only for those that do not.
  for (const days of [1, 8, 366]) {
    const [first] = nominalsBetween(client, after, new Date(after.getTime() + days * dayMs), zones);
    if (first !== undefined) return toSlot(client, first);
  }
  return undefined;
}

/** Whether the client's schedule still has the nominal date and time of a slot id. */
export function isScheduled(client: Client, slotId: string): boolean {
  const nominal = slotId.startsWith(`${client.id}/`) ? slotId.slice(client.id.length + 1) : "";
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)$/.exec(nominal) ?? [];
  if (day === undefined || time === undefined || !client.schedule.times.includes(time)) return false;
  const dateMs = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(dateMs) && day === dateText(dateMs) && owesSlotsOn(client.schedule, dateMs);
}

interface Nominal {
  id: string;
  nominalMs: number;
}

/** Dates are counted as UTC midnights: they only name local days, and instants come from the zone's offsets. */
function nominalsBetween(client: Client, after: Date, until: Date, zones: Zones): Nominal[] {
  const [afterMs, untilMs] = [after.getTime(), until.getTime()];
  if (untilMs <= afterMs) return [];
  const years = { fromMs: afterMs - 4 * dayMs, untilMs: untilMs + 4 * dayMs };
  const offsets = offsetsOf(zones, client.timezone, years);
  const localDate = (instantMs: number) => Math.floor((instantMs + offsetAt(instantMs, offsets)) / dayMs) * dayMs;
  // One day more on both sides: a date that a zone skips (Samoa, 2011-12-30) lands on the next one, and a clock set
  // back over midnight shows yesterday's date after today's.
  const last = localDate(untilMs) + dayMs;
  const found: Nominal[] = [];
  for (let dateMs = localDate(afterMs) - dayMs; dateMs <= last; dateMs += dayMs) {
    if (!owesSlotsOn(client.schedule, dateMs)) continue;
    for (const time of client.schedule.times) {
      const nominalMs = instantOf(dateMs + minuteOf(time) * 60_000, offsets);
      if (nominalMs > afterMs && nominalMs <= untilMs) {
        found.push({ id: `${client.id}/${dateText(dateMs)}T${time}`, nominalMs });
      }
    }
  }
  return found.sort((one, other) => one.nominalMs - other.nominalMs || compareText(one.id, other.id));
}

function owesSlotsOn({ days, except }: Schedule, dateMs: number): boolean {
  // ISO counts Sunday as 7.
  if (!days.includes(new Date(dateMs).getUTCDay() || 7)) return false;
  if (except.length === 0) return true;
  const day = dateText(dateMs);
  return !except.some(({ from, to }) => from <= day && day <= to);
}

function dateText(dateMs: number): string {
  return new Date(dateMs).toISOString().slice(0, -"T00:00:00.000Z".length);
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

function toSlot(client: Client, { id, nominalMs }: Nominal): Slot {
  const jitterMs = jitterOf(id, client.schedule.jitterSeconds) * 1000;
  return { id, client: client.id, plannedAt: new Date(nominalMs + jitterMs) };
}

/** Whole seconds in [0, jitterSeconds), the same for the same slot on every run and machine. */
function jitterOf(slotId: string, jitterSeconds: number): number {
  // Without jitter, as by default, a tick with nothing due needs no crypto, which takes 5 ms to load.
  if (jitterSeconds === 0) return 0;
  const random = createHash("sha256").update(slotId).digest().readUIntBE(0, 6) / 2 ** 48;
  return Math.floor(random * jitterSeconds);
}

/** By code units, so that the order is the same in every locale. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
