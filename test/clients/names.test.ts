import { expect, test } from "vitest";
import { nearest, suggest } from "../../src/clients/names.ts";

const known = ["timezone", "schedule", "posts", "posts_per_day", "topics", "links"];

test.for([
  { word: "tmezone", expected: "timezone" },
  { word: "TIMEZONE", expected: "timezone" },
  { word: "post", expected: "posts" },
  { word: "shedul", expected: "schedule" },
  { word: "posts_per", expected: "posts_per_day" },
  { word: "colour", expected: undefined },
  { word: "", expected: undefined },
  { word: "x".repeat(5000), expected: undefined },
])("$word is taken for $expected", ({ word, expected }) => {
  expect(nearest(word, known)).toBe(expected);
});

test("a suggestion falls back to the general hint", () => {
  expect(suggest("topcs", known, "ask someone")).toBe('write "topics"');
  expect(suggest("colour", known, "ask someone")).toBe("ask someone");
});
