import { expect, test } from "vitest";
import { count, counted, duration, firstOf, money, percent, plannedTime } from "../../src/record/format.ts";

test.for([
  { usd: 0, words: "$0.00" },
  { usd: 0.000001, words: "<$0.0001" },
  { usd: 0.0001, words: "$0.0001" },
  { usd: 0.015, words: "$0.015" },
  { usd: 0.0153, words: "$0.0153" },
  { usd: 0.18, words: "$0.18" },
  { usd: 0.99996, words: "$1.00" },
  { usd: 1, words: "$1.00" },
  { usd: 1234.567, words: "$1,234.57" },
])("$usd dollars read $words", ({ usd, words }) => {
  expect(money(usd)).toBe(words);
});

test.for([
  { seconds: -5, words: "0 s" },
  { seconds: 0.4, words: "0 s" },
  { seconds: 38, words: "38 s" },
  { seconds: 59.6, words: "1 min" },
  { seconds: 720, words: "12 min" },
  { seconds: 3599, words: "1 h 00 min" },
  { seconds: 7500, words: "2 h 05 min" },
  { seconds: 86_399, words: "1 d 00 h" },
  { seconds: 273_600, words: "3 d 04 h" },
])("$seconds seconds read $words", ({ seconds, words }) => {
  expect(duration(seconds)).toBe(words);
});

test("a slot id gives the local time, and anything else stands as it is", () => {
  expect(plannedTime("acme/2026-11-21T09:00")).toBe("2026-11-21 09:00");
  expect(plannedTime("no slot")).toBe("no slot");
});

test("numbers carry separators, nouns agree, ratios become percentages", () => {
  expect(count(12_345)).toBe("12,345");
  expect(counted(1, "slot")).toBe("1 slot");
  expect(counted(2000, "slot")).toBe("2,000 slots");
  expect(percent(0.0684)).toBe("6.8%");
});

test("the first names of many say how many are left", () => {
  expect(firstOf(["a", "b"], 2)).toBe("a, b");
  expect(firstOf(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
});
