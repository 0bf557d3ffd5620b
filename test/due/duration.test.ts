import { expect, test } from "vitest";
import { inWords } from "../../src/due/duration.ts";

test.for([
  { seconds: -5, words: "0 s" },
  { seconds: 0, words: "0 s" },
  { seconds: 40, words: "40 s" },
  { seconds: 60, words: "1 min" },
  { seconds: 90, words: "1 min 30 s" },
  { seconds: 599, words: "9 min 59 s" },
  { seconds: 600, words: "10 min" },
  { seconds: 52 * 60, words: "52 min" },
  { seconds: 3600, words: "1 h" },
  { seconds: 7500, words: "2 h 5 min" },
  { seconds: 72 * 3600 + 840, words: "72 h 14 min" },
])("$seconds seconds are $words", ({ seconds, words }) => {
  expect(inWords(seconds, Math.floor)).toBe(words);
  expect(inWords(seconds, Math.ceil)).toBe(words);
});

test.for([
  { seconds: 45 * 60 + 1, floor: "45 min", ceil: "46 min" },
  { seconds: 59.5, floor: "59 s", ceil: "1 min" },
  { seconds: 3599.5, floor: "59 min", ceil: "1 h" },
])("$seconds seconds are rounded as the caller asks", ({ seconds, floor, ceil }) => {
  expect(inWords(seconds, Math.floor)).toBe(floor);
  expect(inWords(seconds, Math.ceil)).toBe(ceil);
});
