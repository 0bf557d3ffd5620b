import fc from "fast-check";
import { expect, test } from "vitest";
import { brokenRules } from "./broken-rules.ts";

test.for<{ what: string; text: string; broken: readonly string[] }>([
  { what: "280 letters", text: "a".repeat(280), broken: [] },
  { what: "281 letters", text: "a".repeat(281), broken: ["length"] },
  { what: "140 Chinese characters", text: "字".repeat(140), broken: [] },
  { what: "141 Chinese characters", text: "字".repeat(141), broken: ["length"] },
  { what: "emoji that count as two", text: `ok ${"🧑‍🔧".repeat(138)}`, broken: [] },
  { what: "no character", text: "  \n ", broken: ["not-empty"] },
  { what: "punctuation only", text: "… — !", broken: ["not-empty"] },
  { what: "two lines", text: "One line.\n\nAnother line.", broken: [] },
  { what: "a terminal colour", text: "\u001B[31mred", broken: ["characters"] },
  { what: "a NUL", text: "a\u0000b", broken: ["characters"] },
  { what: "a bidi override", text: "abc \u202Ecba\u202C", broken: ["characters"] },
  { what: "a bidi isolate", text: "abc \u2066cba\u2069", broken: ["characters"] },
  { what: "a zero-width space", text: "free\u200Bdom", broken: ["characters"] },
  { what: "a soft hyphen", text: "free\u00ADdom", broken: ["characters"] },
  { what: "a zero-width joiner between letters", text: "free\u200Ddom", broken: ["characters"] },
  { what: "tag characters", text: "hello \u{E0068}\u{E0069}", broken: ["characters"] },
  { what: "a private-use character", text: "logo \uE000", broken: ["characters"] },
  { what: "half a surrogate pair", text: "ok \uD83D", broken: ["characters"] },
  { what: "a left-to-right mark in English", text: "a\u200Eb c", broken: ["characters"] },
  { what: "a right-to-left mark in Hebrew", text: "שלום\u200F (עולם)", broken: [] },
  { what: "a joined emoji", text: "Family day 👨‍👩‍👧", broken: [] },
  { what: "the flag of Wales", text: "Cymru 🏴󠁧󠁢󠁷󠁬󠁳󠁿", broken: [] },
  { what: "a Persian half-space", text: "می‌خواهم", broken: [] },
  { what: "a Hindi joiner", text: "क्‍ष", broken: [] },
])("$what breaks $broken", ({ text, broken }) => {
  expect(brokenRules(text)).toEqual(broken);
});

test("no text of more than 280 ASCII letters passes", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "b", "é"), minLength: 281, maxLength: 600 }), (text) => {
      expect(brokenRules(text)).toContain("length");
    }),
  );
});
