import fc from "fast-check";
import { expect, test } from "vitest";
import { normaliseSchedule } from "../../src/clients/schedule.ts";

test.for([
  { posting_hours: "09:00-18:00", posts_per_day: 1, times: ["09:00"] },
  { posting_hours: "09:00-18:00", posts_per_day: 2, times: ["09:00", "18:00"] },
  { posting_hours: "09:00-18:00", posts_per_day: 4, times: ["09:00", "12:00", "15:00", "18:00"] },
  { posting_hours: "08:30-09:00", posts_per_day: 3, times: ["08:30", "08:45", "09:00"] },
  {
    posting_hours: "00:00-23:00",
    posts_per_day: 24,
    times: Array.from({ length: 24 }, (_, h) => `${String(h).padStart(2, "0")}:00`),
  },
])("$posts_per_day posts over $posting_hours stand evenly", ({ times, ...fields }) => {
  expect(normaliseSchedule({ days: "daily", ...fields }, {}).times).toEqual(times);
});

test.for([
  { days: "daily", expected: [1, 2, 3, 4, 5, 6, 7] },
  { days: "weekdays", expected: [1, 2, 3, 4, 5] },
  { days: "weekends", expected: [6, 7] },
  { days: ["sun", "wed", "mon"], expected: [1, 3, 7] },
])("$days are the ISO weekdays $expected", ({ days, expected }) => {
  expect(normaliseSchedule({ days, times: ["10:00"] }, {}).days).toEqual(expected);
});

test("times come out ascending, whatever their order in the file", () => {
  expect(normaliseSchedule({ days: "daily", times: ["17:00", "08:00", "12:30"] }, {}).times).toEqual([
    "08:00",
    "12:30",
    "17:00",
  ]);
});

const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

test("spread posts keep both ends, their number and, to the minute, their distance", () => {
  const hours = fc.tuple(fc.nat(1439), fc.nat(1439)).filter(([from, to]) => from < to);
  fc.assert(
    fc.property(hours, fc.integer({ min: 2, max: 100 }), ([from, to], count) => {
      const fields = { posting_hours: `${clock(from)}-${clock(to)}`, posts_per_day: count };
      const minutes = normaliseSchedule({ days: "daily", ...fields }, {}).times.map(minuteOf);
      expect(minutes).toHaveLength(count);
      expect([minutes[0], minutes.at(-1)]).toEqual([from, to]);
      const step = (to - from) / (count - 1);
      for (const [index, minute] of minutes.entries())
        expect(Math.abs(minute - (from + index * step))).toBeLessThanOrEqual(0.5);
    }),
  );
});
