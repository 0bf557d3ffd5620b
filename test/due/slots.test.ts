import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isScheduled, nextSlot, slotsBetween } from "../../src/due/slots.ts";
import type { Schedule } from "../../src/terms.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { exampleClient } from "./examples.ts";

const day = 86_400_000;

/** `<local date and time> <instant>` of every slot, for comparison at a glance. */
function listed(timezone: string, schedule: Partial<Schedule>, after: string, until: string): string[] {
  const client = exampleClient(schedule, { timezone });
  return slotsBetween(client, new Date(after), new Date(until)).map(
    (slot) => `${slot.id.slice("acme/".length)} ${slot.plannedAt.toISOString().slice(0, 16)}Z`,
  );
}

describe("time zones", () => {
  test.for([
    {
      what: "Berlin skips 02:30 in spring, so the slot moves to 03:30",
      zone: "Europe/Berlin",
      times: ["02:30"],
      after: "2026-03-28T12:00Z",
      until: "2026-03-30T12:00Z",
      expected: ["2026-03-29T02:30 2026-03-29T01:30Z", "2026-03-30T02:30 2026-03-30T00:30Z"],
    },
    {
      what: "Berlin has 02:30 twice in autumn, and the slot is in the first pass only",
      zone: "Europe/Berlin",
      times: ["02:30"],
      after: "2026-10-24T12:00Z",
      until: "2026-10-26T12:00Z",
      expected: ["2026-10-25T02:30 2026-10-25T00:30Z", "2026-10-26T02:30 2026-10-26T01:30Z"],
    },
    {
      what: "a slot that moved forward comes after the slot it passed",
      zone: "Europe/Berlin",
      times: ["02:30", "03:00"],
      after: "2026-03-28T12:00Z",
      until: "2026-03-29T12:00Z",
      expected: ["2026-03-29T03:00 2026-03-29T01:00Z", "2026-03-29T02:30 2026-03-29T01:30Z"],
    },
    {
      what: "New York skips 02:30 in spring",
      zone: "America/New_York",
      times: ["02:30"],
      after: "2026-03-08T05:00Z",
      until: "2026-03-09T05:00Z",
      expected: ["2026-03-08T02:30 2026-03-08T07:30Z"],
    },
    {
      what: "New York has 01:30 twice in autumn",
      zone: "America/New_York",
      times: ["01:30"],
      after: "2026-11-01T04:00Z",
      until: "2026-11-02T04:00Z",
      expected: ["2026-11-01T01:30 2026-11-01T05:30Z"],
    },
    {
      what: "Lord Howe moves by half an hour: 02:15 becomes 02:45",
      zone: "Australia/Lord_Howe",
      times: ["02:15"],
      after: "2026-10-03T12:00Z",
      until: "2026-10-04T12:00Z",
      expected: ["2026-10-04T02:15 2026-10-03T15:45Z"],
    },
    {
      what: "Lord Howe has 01:45 twice in autumn",
      zone: "Australia/Lord_Howe",
      times: ["01:45"],
      after: "2026-04-04T12:00Z",
      until: "2026-04-05T12:00Z",
      expected: ["2026-04-05T01:45 2026-04-04T14:45Z"],
    },
    {
      what: "Samoa had no 30 December 2011: its slots move to the next day",
      zone: "Pacific/Apia",
      times: ["09:00"],
      after: "2011-12-29T12:00Z",
      until: "2012-01-01T12:00Z",
      expected: [
        "2011-12-29T09:00 2011-12-29T19:00Z",
        "2011-12-30T09:00 2011-12-30T19:00Z",
        "2011-12-31T09:00 2011-12-30T19:00Z",
        "2012-01-01T09:00 2011-12-31T19:00Z",
      ],
    },
    {
      what: "a slot of the day that Samoa skipped is still ahead when the next day has begun",
      zone: "Pacific/Apia",
      times: ["09:00"],
      after: "2011-12-30T12:00Z",
      until: "2011-12-30T20:00Z",
      expected: ["2011-12-30T09:00 2011-12-30T19:00Z", "2011-12-31T09:00 2011-12-30T19:00Z"],
    },
    {
      what: "a clock set back over midnight keeps the slot of its first pass",
      zone: "America/St_Johns",
      times: ["00:00"],
      after: "2010-11-07T02:00Z",
      until: "2010-11-07T02:45Z",
      expected: ["2010-11-07T00:00 2010-11-07T02:30Z"],
    },
    {
      what: "Kathmandu is 5 h 45 min ahead",
      zone: "Asia/Kathmandu",
      times: ["09:00"],
      after: "2026-11-20T00:00Z",
      until: "2026-11-21T00:00Z",
      expected: ["2026-11-20T09:00 2026-11-20T03:15Z"],
    },
    {
      what: "a leap day is a day like any other",
      zone: "UTC",
      times: ["12:00"],
      after: "2028-02-28T00:00Z",
      until: "2028-03-01T13:00Z",
      expected: [
        "2028-02-28T12:00 2028-02-28T12:00Z",
        "2028-02-29T12:00 2028-02-29T12:00Z",
        "2028-03-01T12:00 2028-03-01T12:00Z",
      ],
    },
    {
      what: "the year ends in the client's zone, not in ours",
      zone: "Pacific/Kiritimati",
      times: ["00:00", "23:59"],
      after: "2026-12-31T09:58Z",
      until: "2026-12-31T10:00Z",
      expected: ["2026-12-31T23:59 2026-12-31T09:59Z", "2027-01-01T00:00 2026-12-31T10:00Z"],
    },
  ])("$what", ({ zone, times, after, until, expected }) => {
    expect(listed(zone, { times }, after, until)).toEqual(expected);
  });
});

describe("days and exceptions", () => {
  test("only the schedule's weekdays have slots, by the local date", () => {
    // 2026-11-20 is a Friday; in Auckland the Saturday slot comes while it is still Friday in UTC.
    expect(
      listed("Pacific/Auckland", { days: [6], times: ["08:00"] }, "2026-11-20T00:00Z", "2026-11-27T00:00Z"),
    ).toEqual(["2026-11-21T08:00 2026-11-20T19:00Z"]);
  });

  test.for([
    { what: "a single date", except: [{ from: "2026-12-25", to: "2026-12-25" }], left: [23, 24, 26, 27] },
    { what: "both ends of a range", except: [{ from: "2026-12-24", to: "2026-12-26" }], left: [23, 27] },
    {
      what: "ranges that overlap",
      except: [
        { from: "2026-12-20", to: "2026-12-24" },
        { from: "2026-12-24", to: "2026-12-25" },
      ],
      left: [26, 27],
    },
    {
      what: "a range over the end of the year",
      except: [{ from: "2026-12-26", to: "2027-01-02" }],
      left: [23, 24, 25],
    },
  ])("$what has no slots", ({ except, left }) => {
    const days = listed("UTC", { except }, "2026-12-23T00:00Z", "2026-12-27T23:00Z");
    expect(days.map((line) => Number(line.slice(8, 10)))).toEqual(left);
  });

  test("a schedule without days has no slots", () => {
    expect(listed("UTC", { days: [] }, "2026-01-01T00:00Z", "2026-12-31T00:00Z")).toEqual([]);
  });

  test("the start does not count and the end does", () => {
    expect(listed("UTC", {}, "2026-11-20T09:00Z", "2026-11-21T09:00Z")).toEqual(["2026-11-21T09:00 2026-11-21T09:00Z"]);
  });

  test("an end before the start has no slots", () => {
    expect(listed("UTC", {}, "2026-11-21T09:00Z", "2026-11-20T09:00Z")).toEqual([]);
  });

  test("ten years of hourly slots are listed in about a second", () => {
    const times = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:07`);
    const client = exampleClient({ times }, { timezone: "America/New_York" });
    const startedMs = cpuMs();
    const slots = slotsBetween(client, new Date("2020-01-01T05:00Z"), new Date("2030-01-01T05:00Z"));
    expect(slots).toHaveLength(3653 * 24);
    // Measured: 0.5 s. The limit is for a loaded machine; anything quadratic takes minutes.
    expect(cpuMs() - startedMs).toBeLessThan(10_000);
  });
});

describe("jitter", () => {
  test("the same slot has the same jitter on every run and machine", () => {
    const slots = slotsBetween(exampleClient({ jitterSeconds: 600 }), new Date("2026-11-20Z"), new Date("2026-11-22Z"));
    // 218 s and 373 s: the first 48 bits of the id's SHA-256 as a fraction of 600 s.
    expect(slots.map(({ plannedAt }) => plannedAt.toISOString())).toEqual([
      "2026-11-20T08:03:38.000Z",
      "2026-11-21T08:06:13.000Z",
    ]);
  });

  test("it is a whole number of seconds from zero up to the limit, and uses the whole width", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7200 }), fc.stringMatching(/^[a-z]{1,12}$/), (jitterSeconds, id) => {
        const range = [new Date("2026-01-01T00:00Z"), new Date("2027-01-01T00:00Z")] as const;
        const seconds = slotsBetween(exampleClient({ jitterSeconds }, { id, timezone: "UTC" }), ...range).map(
          ({ plannedAt }) =>
            (plannedAt.getTime() - 9 * 3_600_000) / 1000 - Math.floor(plannedAt.getTime() / day) * 86_400,
        );
        expect(seconds.every((value) => Number.isInteger(value) && value >= 0 && value < jitterSeconds)).toBe(true);
        const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
        expect(Math.abs(mean - (jitterSeconds - 1) / 2)).toBeLessThan(jitterSeconds * 0.12 + 1);
      }),
      { numRuns: 40 },
    );
  });

  test("it does not decide which interval a slot belongs to", () => {
    const client = exampleClient({ jitterSeconds: 3600 }, { timezone: "UTC" });
    const [slot] = slotsBetween(client, new Date("2026-11-20T08:59Z"), new Date("2026-11-20T09:00Z"));
    expect(slot?.id).toBe("acme/2026-11-20T09:00");
    expect(slot?.plannedAt.getTime()).toBeGreaterThan(Date.parse("2026-11-20T09:00Z"));
  });
});

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "UTC",
];

test("intervals put end to end have exactly the slots of the whole, in the same order", () => {
  const instant = fc.date({ min: new Date("2026-01-01"), max: new Date("2027-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.uniqueArray(fc.constantFrom("00:00", "01:30", "02:15", "02:30", "03:00", "12:00", "23:59"), { minLength: 1 }),
      instant,
      fc.array(fc.integer({ min: 0, max: 20 * day }), { minLength: 1, maxLength: 8 }),
      (timezone, times, start, steps) => {
        const client = exampleClient({ times: times.sort(), jitterSeconds: 900 }, { timezone });
        const ends = steps.map((_, index) =>
          steps.slice(0, index + 1).reduce((sum, step) => sum + step, start.getTime()),
        );
        const starts = [start.getTime(), ...ends];
        const parts = ends.flatMap((end, index) => slotsBetween(client, new Date(starts[index] ?? end), new Date(end)));
        const whole = slotsBetween(client, start, new Date(ends.at(-1) ?? start));
        expect(parts).toEqual(whole);
        expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
        expect(whole.every(({ id }) => isScheduled(client, id))).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

describe("the next slot", () => {
  test.for([
    { what: "later today", schedule: {}, expected: "acme/2026-11-20T09:00" },
    { what: "on the only weekday, six days on", schedule: { days: [4] }, expected: "acme/2026-11-26T09:00" },
    {
      what: "after months without slots",
      schedule: { except: [{ from: "2026-01-01", to: "2027-08-31" }] },
      expected: "acme/2027-09-01T09:00",
    },
    { what: "never", schedule: { except: [{ from: "2026-01-01", to: "2030-01-01" }] }, expected: undefined },
  ])("is $what", ({ schedule, expected }) => {
    expect(nextSlot(exampleClient(schedule), new Date("2026-11-20T00:00Z"))?.id).toBe(expected);
  });

  test("is not the one of this very instant", () => {
    const client = exampleClient({}, { timezone: "UTC" });
    expect(nextSlot(client, new Date("2026-11-20T09:00Z"))?.id).toBe("acme/2026-11-21T09:00");
  });

  test("does not exist for a paused client", () => {
    expect(nextSlot(exampleClient({}, { status: "paused" }), new Date("2026-11-20T00:00Z"))).toBeUndefined();
  });
});

test.for([
  { id: "acme/2026-11-20T09:00", expected: true },
  { id: "acme/2026-11-20T09:01", expected: false },
  { id: "acme/2026-11-21T09:00", expected: false },
  { id: "acme/2026-11-23T09:00", expected: false },
  { id: "other/2026-11-20T09:00", expected: false },
  { id: "acme/2026-02-31T09:00", expected: false },
  { id: "acme/2026-13-01T09:00", expected: false },
  { id: "acme/2026-00-10T09:00", expected: false },
  { id: "acme/2026-19-39T09:00", expected: false },
  { id: "acme/not a date", expected: false },
  { id: "acme", expected: false },
])("whether a Monday-to-Friday schedule with one holiday has $id: $expected", ({ id, expected }) => {
  const client = exampleClient({ days: [1, 2, 3, 4, 5], except: [{ from: "2026-11-23", to: "2026-11-23" }] });
  expect(isScheduled(client, id)).toBe(expected);
});
