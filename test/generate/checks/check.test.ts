import fc from "fast-check";
import { expect, test } from "vitest";
import { checkText, normaliseText, rules } from "../../../src/generate/checks/check.ts";
import { hostileTexts } from "../../../src/sandbox/model-faults.ts";
import { brokenRules, context } from "./broken-rules.ts";

test("every rule has its own name", () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});

test("an ordinary post passes every rule", () => {
  expect(brokenRules("Store a crusty loaf cut side down.\n\nCold is what makes it stale. #bread 🥖")).toEqual([]);
});

test("a text that breaks several rules is told all of them", () => {
  const failures = checkText('"@bob see example.com"', context);
  expect(failures.map(({ rule }) => rule)).toEqual(["links", "mentions", "quotes"]);
  for (const { reason } of failures) expect(reason).toMatch(/^the /);
});

test.for(hostileTexts.map((text) => ({ text })))("hostile text never passes: $text", ({ text }) => {
  expect(brokenRules(text)).not.toEqual([]);
});

test.for([
  { flagged: true, broken: ["moderation"] },
  { flagged: false, broken: [] },
  { flagged: undefined, broken: [] },
])("moderation that answers $flagged breaks $broken", ({ flagged, broken }) => {
  expect(brokenRules("An ordinary post.", { flagged })).toEqual(broken);
});

test.for([
  { before: "  spaced \t\n", after: "spaced" },
  { before: "one\r\ntwo\rthree", after: "one\ntwo\nthree" },
  { before: "one  \n\n\n\ntwo", after: "one\n\ntwo" },
  { before: "cafe\u0301", after: "café" },
])("$before is sent as $after", ({ before, after }) => {
  expect(normaliseText(before)).toBe(after);
});

test("a flood of text is refused at once", () => {
  const flood = `a${" ".repeat(2_000_000)}b${"c".repeat(2_000_000)}`;
  expect(normaliseText(flood).length).toBeLessThanOrEqual(5_000);
  expect(brokenRules("word ".repeat(1_000_000))).toEqual(["length"]);
});

test("normalising twice changes nothing more", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", " ", "\n", "\r", "\t", "e\u0301", "\u00A0", "️") }), (text) => {
      expect(normaliseText(normaliseText(text))).toBe(normaliseText(text));
    }),
  );
});
