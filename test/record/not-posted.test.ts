import fc from "fast-check";
import { expect, test } from "vitest";
import { groupNotPosted, whichSlots } from "../../src/record/not-posted.ts";
import type { SlotResult } from "../../src/record/report.ts";
import type { Cause, Outcome } from "../../src/terms.ts";
import { outcomes, reportOf, slotResult } from "./examples.ts";

function slots(outcome: Outcome, cause: Cause | undefined, reasons: readonly string[]): SlotResult[] {
  return reasons.map((reason, index) =>
    slotResult({ slot: `c${index}/1`, client: `c${index}`, outcome, reason, ...(cause && { cause }) }),
  );
}

function lines(results: readonly SlotResult[]): string[] {
  return groupNotPosted(reportOf(results)).map((group) => `${whichSlots(group)}: ${group.reason}`);
}

test.for<Cause>(["out-of-credit", "unavailable", "halted", "backing-off", "stopped", "rate-limited"])(
  "%s concerns everybody: its slots are one line with the commonest reason first, whatever the reasons are",
  (cause) => {
    expect(lines(slots("deferred", cause, ["until 9", "until 10", "until 10"]))).toEqual([
      "3 slots of 3 clients: c0/1, c1/1, c2/1: until 10 (2 slots); until 9 (1 slot)",
    ]);
  },
);

test.for<Cause>(["config", "credentials", "no-text", "over-budget", "content", "dry-run"])(
  "%s says of each slot what is wrong: only equal reasons share a line",
  (cause) => {
    expect(lines(slots("deferred", cause, ["one", "two", "one", "three", "four"]))).toEqual([
      "2 slots of 2 clients: c0/1, c2/1: one",
      "c1/1: two",
      "c3/1: three",
      "c4/1: four",
    ]);
  },
);

test.for([
  {
    minutes: [7, 8, 8, 9],
    expected: ["c0/1: 7 min late", "2 slots of 2 clients: c1/1, c2/1: 8 min late", "c3/1: 9 min late"],
  },
  {
    minutes: [7, 8, 8, 9, 10, 11],
    expected: [
      "6 slots of 6 clients: c0/1, c1/1, c2/1, c3/1, c4/1 and 1 more: 8 min late (2 slots); 7 min late (1 slot); 9 min late (1 slot) and 2 other reasons",
    ],
  },
])("slots that are $minutes minutes late take $expected.length lines", ({ minutes, expected }) => {
  const late = minutes.map((minute) => `${minute} min late`);
  expect(lines(slots("missed", "too-late", late))).toEqual(expected);
});

test("other outcomes, and other causes with the same reason, are other lines", () => {
  const same = [
    ...slots("deferred", "unavailable", ["503"]),
    slotResult({ slot: "x/1", client: "x", outcome: "deferred", cause: "rate-limited", reason: "503" }),
    slotResult({ slot: "y/1", client: "y", outcome: "skipped", cause: "unavailable", reason: "503" }),
  ];
  expect(lines(same)).toEqual(["c0/1: 503", "x/1: 503", "y/1: 503"]);
});

test("every dead letter and every unknown outcome is named, forty in a line", () => {
  for (const outcome of ["dead", "unknown"] as const) {
    const given = slots(
      outcome,
      "unavailable",
      Array.from({ length: 95 }, () => "503"),
    );
    const shown = lines(given);
    expect(shown.map((line) => line.split(" ")[0])).toEqual(["40", "40", "15"]);
    const named = shown.flatMap((line) => line.match(/c\d+\/1/g) ?? []);
    expect(named).toEqual(given.map(({ slot }) => slot));
  }
});

test("three long reasons are cut, so that the count of the others stays in sight", () => {
  const [line] = lines(
    slots(
      "deferred",
      "unavailable",
      ["a", "b", "c", "d"].map((letter) => letter.repeat(900)),
    ),
  );
  expect(line?.length).toBeLessThan(400);
  expect(line).toMatch(/ and 1 other reason$/);
});

test("every slot without a post stands in exactly one line, and slots in a line share outcome and next action", () => {
  const result = fc.record({
    outcome: fc.constantFrom(...outcomes),
    cause: fc.constantFrom<Cause>("unavailable", "content", "too-late", "halted", "over-budget"),
    reason: fc.constantFrom("a", "b", "c", "d", "e"),
    rehearsal: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(result, { maxLength: 120 }), (given) => {
      const report = reportOf(
        given.map((one, index) => slotResult({ ...one, slot: `c${index}/1`, client: `c${index}` })),
      );
      const groups = groupNotPosted(report);
      const grouped = groups.flatMap((group) => group.slots);
      const left = report.slots.filter(({ outcome }) => outcome !== "posted");
      expect(new Set(grouped)).toEqual(new Set(left));
      expect(grouped).toHaveLength(left.length);
      for (const group of groups) {
        expect(new Set(group.slots.map(({ outcome, nextAction }) => `${outcome} ${nextAction}`)).size).toBe(1);
        if (group.outcome === "dead" || group.outcome === "unknown")
          for (const { slot } of group.slots) expect(whichSlots(group)).toContain(slot);
      }
    }),
  );
});
