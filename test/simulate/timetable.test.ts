import fc from "fast-check";
import { expect, test } from "vitest";
import { seededDraws } from "../../src/simulate/draws.ts";
import { calm, type Faults, presets } from "../../src/simulate/faults.ts";
import { drawTimetable, spellAt } from "../../src/simulate/timetable.ts";

const from = new Date("2026-11-21T00:00:00Z");
const table = (faults: Faults, seed = "1", days = 3) => drawTimetable({ faults, draws: seededDraws(seed), from, days });

test("calm ticks come at the minutes of the hour, each once, and quiet ones follow", () => {
  const { ticks, missed, late } = table(calm);
  expect({ missed, late }).toEqual({ missed: 0, late: 0 });
  expect(ticks.slice(0, 4).map(({ startsAt }) => startsAt.toISOString().slice(11, 16))).toEqual([
    "00:00",
    "00:07",
    "00:23",
    "00:37",
  ]);
  expect(ticks).toHaveLength(1 + 3 * 96 + 60);
  expect(ticks.at(-1)?.startsAt.toISOString()).toBe("2026-11-24T16:00:00.000Z");
});

test("the same seed draws the same, another seed something else", () => {
  const storm = presets.storm as Faults;
  expect(table(storm, "a")).toEqual(table(storm, "a"));
  expect(table(storm, "a")).not.toEqual(table(storm, "b"));
});

test("whatever the seed, ticks are in order, none starts early or in silence, and all are accounted for", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("github-2026", "storm"), (seed, preset) => {
      const { ticks, missed, silent } = table(presets[preset] as Faults, seed);
      const drawn = ticks.slice(1, -60);
      expect(drawn.length + missed).toBe(3 * 96);
      expect(drawn.every(({ dueAt, startsAt }) => startsAt >= dueAt)).toBe(true);
      expect(drawn.some(({ startsAt }) => spellAt(silent, startsAt) !== undefined)).toBe(false);
      const starts = ticks.map(({ startsAt }) => startsAt.getTime());
      expect(starts).toEqual(starts.toSorted((one, other) => one - other));
    }),
    { numRuns: 30 },
  );
});

test("github-2026 loses most ticks, delays the rest, and leaves gaps of hours", () => {
  const { ticks, missed, late } = table(presets["github-2026"] as Faults, "1", 30);
  const drawn = ticks.slice(1, -60);
  expect(missed / (30 * 96)).toBeGreaterThan(0.65);
  expect(late).toBe(drawn.length);
  const gaps = drawn.slice(1).map(({ startsAt }, index) => Number(startsAt) - Number(drawn[index]?.startsAt));
  expect(Math.max(...gaps)).toBeGreaterThan(3 * 3_600_000);
});

test("spells begin as often as asked, last as long as asked, and never in the first hour", () => {
  const { x: spells } = table({ ...calm, x: { ...calm.x, storms: { daily: 1.5, minutes: [10, 20] } } }, "1", 100);
  const { storms } = spells;
  expect(storms.length).toBeGreaterThan(120);
  expect(storms.length).toBeLessThan(180);
  const lengths = storms.map((storm) => (storm.until.getTime() - storm.from.getTime()) / 60_000);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(20);
  expect(storms.every((storm) => storm.from.getTime() >= from.getTime() + 3_600_000)).toBe(true);
});

test("draws are spread evenly over what is asked for", () => {
  const { between, chance, pick, unit } = seededDraws("x");
  const numbers = Array.from({ length: 2000 }, (_, index) => between([3, 6], index));
  expect(new Set(numbers)).toEqual(new Set([3, 4, 5, 6]));
  expect(numbers.filter((_, index) => chance(0.25, "c", index)).length).toBeGreaterThan(400);
  expect([unit("a") < 1, chance(0, "a"), chance(1, "a"), pick(["only"], "a")]).toEqual([true, false, true, "only"]);
});
