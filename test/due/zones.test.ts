import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { planDue } from "../../src/due/plan.ts";
import { nextSlot, slotsBetween } from "../../src/due/slots.ts";
import { instantOf, offsetAt, offsetsOf, type Zones } from "../../src/due/zones.ts";
import { exampleClient, exampleState } from "./examples.ts";

const dayMs = 86_400_000;
const names = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "America/St_Johns",
  "Pacific/Apia",
  "Asia/Kathmandu",
  "Asia/Pyongyang",
  "America/Caracas",
  "Antarctica/Troll",
  "Africa/Cairo",
  "UTC",
];
const zone = fc.constantFrom(...names);
const years = { fromMs: Date.UTC(2005, 0), untilMs: Date.UTC(2035, 0) };

/** Local times all over the years, half of them within a day and a half of a change of the clocks. */
const wallTime = zone.chain((timezone) => {
  const changes = offsetsOf(new Map(), timezone, years).slice(1);
  const anywhere = fc.integer({ min: years.fromMs + 9 * dayMs, max: years.untilMs - 9 * dayMs });
  const nearChange = fc
    .tuple(fc.nat(Math.max(0, changes.length - 1)), fc.integer({ min: -36 * 60, max: 36 * 60 }))
    .map(([index, minutes]) => (changes[index]?.fromMs ?? years.fromMs + 30 * dayMs) + minutes * 60_000);
  return fc.record({ timezone: fc.constant(timezone), wallMs: fc.oneof(anywhere, nearChange) });
});

test("a local time becomes the instant that Temporal calls compatible, also where the clocks change", () => {
  fc.assert(
    fc.property(wallTime, ({ timezone, wallMs }) => {
      const wall = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO("UTC").toPlainDateTime();
      const expected = wall.toZonedDateTime(timezone, { disambiguation: "compatible" }).epochMilliseconds;
      expect(instantOf(wallMs, offsetsOf(new Map(), timezone, years))).toBe(expected);
    }),
    { numRuns: 600 },
  );
});

test("an instant has the offset that Temporal gives it", () => {
  fc.assert(
    fc.property(wallTime, ({ timezone, wallMs }) => {
      const expected = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO(timezone).offsetNanoseconds;
      expect(offsetAt(wallMs, offsetsOf(new Map(), timezone, years))).toBe(expected / 1e6);
    }),
    { numRuns: 300 },
  );
});

/** The same slots by Temporal alone, day by day. */
function slotsByTemporal(client: ReturnType<typeof exampleClient>, after: Date, until: Date): string[] {
  const dateAt = (instant: Date) =>
    Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(client.timezone).toPlainDate();
  const found: { ms: number; line: string }[] = [];
  const last = dateAt(until).add({ days: 1 });
  for (
    let date = dateAt(after).subtract({ days: 1 });
    Temporal.PlainDate.compare(date, last) <= 0;
    date = date.add({ days: 1 })
  ) {
    if (!client.schedule.days.includes(date.dayOfWeek)) continue;
    if (client.schedule.except.some(({ from, to }) => from <= date.toString() && date.toString() <= to)) continue;
    for (const time of client.schedule.times) {
      const at = date.toPlainDateTime(time).toZonedDateTime(client.timezone, { disambiguation: "compatible" });
      const ms = at.epochMilliseconds;
      if (ms > after.getTime() && ms <= until.getTime()) found.push({ ms, line: `${client.id}/${date}T${time} ${ms}` });
    }
  }
  return found.sort((one, other) => one.ms - other.ms || (one.line < other.line ? -1 : 1)).map(({ line }) => line);
}

const schedule = fc.record({
  days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }).map((days) => days.sort()),
  times: fc
    .uniqueArray(fc.constantFrom("00:00", "00:30", "01:30", "02:15", "02:30", "03:00", "12:00", "23:59"), {
      minLength: 1,
    })
    .map((times) => times.sort()),
  except: fc.constantFrom([], [{ from: "2026-03-28", to: "2026-03-29" }], [{ from: "2026-12-24", to: "2027-01-06" }]),
});
const instant = fc.date({ min: new Date("2025-06-01"), max: new Date("2028-06-01"), noInvalidDate: true });

test("slots are those of Temporal alone, whatever was known of the zones before", () => {
  const zones: Zones = new Map();
  fc.assert(
    fc.property(zone, schedule, instant, fc.integer({ min: 1, max: 40 }), (timezone, parts, after, days) => {
      const client = exampleClient(parts, { timezone });
      const until = new Date(after.getTime() + days * dayMs);
      const lines = slotsBetween(client, after, until, zones).map(
        ({ id, plannedAt }) => `${id} ${plannedAt.getTime()}`,
      );
      expect(lines).toEqual(slotsByTemporal(client, after, until));
      const [first] = slotsByTemporal(client, after, new Date(after.getTime() + 30 * dayMs));
      expect(nextSlot(client, after, zones)?.id).toBe(first?.split(" ")[0] ?? nextSlot(client, after)?.id);
    }),
    { numRuns: 200 },
  );
});

test("a plan is the same with zones known from another time, and from none", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(zone, schedule), { minLength: 1, maxLength: 4 }),
      instant,
      instant,
      (parts, before, now) => {
        const clients = parts.map(([timezone, own], index) => exampleClient(own, { timezone, id: `client-${index}` }));
        const plan = (at: Date, zones: Zones) =>
          planDue({ clients, broken: new Set(), state: exampleState(), now: at, zones });
        const zones: Zones = new Map();
        plan(before, zones);
        expect(plan(now, zones)).toEqual(plan(now, new Map()));
      },
    ),
    { numRuns: 100 },
  );
});

describe("what is known of zones", () => {
  test("covers whole years, so that the next run finds it", () => {
    const zones: Zones = new Map();
    slotsBetween(exampleClient(), new Date("2026-11-20T00:00Z"), new Date("2026-11-21T00:00Z"), zones);
    expect(zones).toEqual(
      new Map([
        [
          "Europe/Berlin",
          {
            fromMs: Date.UTC(2026, 0),
            untilMs: Date.UTC(2027, 0),
            offsets: [
              { fromMs: Date.UTC(2026, 0), offsetMs: 3_600_000 },
              { fromMs: Date.UTC(2026, 2, 29, 1), offsetMs: 7_200_000 },
              { fromMs: Date.UTC(2026, 9, 25, 1), offsetMs: 3_600_000 },
            ],
          },
        ],
      ]),
    );
  });

  test("is not asked for again within these years", () => {
    const zones: Zones = new Map();
    const known = offsetsOf(zones, "Europe/Berlin", { fromMs: Date.UTC(2026, 5), untilMs: Date.UTC(2026, 6) });
    expect(offsetsOf(zones, "Europe/Berlin", { fromMs: Date.UTC(2026, 1), untilMs: Date.UTC(2026, 9) })).toBe(known);
    expect(offsetsOf(zones, "Europe/Berlin", { fromMs: Date.UTC(2026, 1), untilMs: Date.UTC(2027, 9) })).not.toBe(
      known,
    );
  });
});
