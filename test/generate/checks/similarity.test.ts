import fc from "fast-check";
import { expect, test } from "vitest";
import { similarity } from "../../../src/generate/checks/similarity.ts";
import { brokenRules } from "./broken-rules.ts";

const recent = "Grind the beans just before you brew, and rinse the paper filter with hot water.";

// The numbers are what Postgres answers: select similarity('word', 'two words').
test.for([
  { left: "word", right: "two words", expected: 4 / 11 },
  { left: "word", right: "word", expected: 1 },
  { left: "abc", right: "xyz", expected: 0 },
  { left: "Word, WORD!", right: "word", expected: 1 },
  { left: "", right: "", expected: 0 },
])('"$left" and "$right" share $expected', ({ left, right, expected }) => {
  expect(similarity(left, right)).toBeCloseTo(expected, 6);
});

test("likeness is between 0 and 1, symmetric, and 1 for a text with words and itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (left, right) => {
      const value = similarity(left, right);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
      expect(similarity(right, left)).toBe(value);
      if (/[\p{L}\p{N}]/u.test(left)) expect(similarity(left, left)).toBe(1);
    }),
  );
});

test.for([
  { when: "it is the same", text: recent, repeats: true },
  { when: "only case and punctuation differ", text: recent.toUpperCase().replace(",", ";"), repeats: true },
  { when: "one word differs", text: recent.replace("hot", "warm"), repeats: true },
  { when: "it is on the same topic", text: "Hot water through paper: rinse it once, then brew.", repeats: false },
])("a text repeats a recent one when $when: $repeats", ({ text, repeats }) => {
  expect(brokenRules(text, { recentTexts: ["Something else.", recent] })).toEqual(repeats ? ["own-repetition"] : []);
});

test("a text without words repeats only its exact self", () => {
  expect(brokenRules("☕☕", { recentTexts: ["☕☕"] })).toContain("own-repetition");
  expect(brokenRules("☕☕", { recentTexts: ["🥐🥐"] })).not.toContain("own-repetition");
});
