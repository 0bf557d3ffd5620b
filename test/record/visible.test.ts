import fc from "fast-check";
import { expect, test } from "vitest";
import { printable, shortened, storable, visible } from "../../src/record/visible.ts";
import { hostileText } from "./examples.ts";

test.for([
  { what: "a bidi override", text: "a\u202eb", shown: "a\\u202eb" },
  { what: "a right-to-left mark", text: "a\u200fb", shown: "a\\u200fb" },
  { what: "a zero-width space", text: "a\u200bb", shown: "a\\u200bb" },
  { what: "a joiner between letters", text: "a\u200db", shown: "a\\u200db" },
  { what: "an ANSI escape", text: "\u001b[31m", shown: "\\u001b[31m" },
  { what: "NUL", text: "a\0b", shown: "a\\u0000b" },
  { what: "a line separator", text: "a\u2028b", shown: "a\\u2028b" },
  { what: "half a surrogate pair", text: "a\ud800b", shown: "a\\ud800b" },
  { what: "a tag letter outside a flag", text: "a\u{e0041}b", shown: "a\\u{e0041}b" },
  { what: "a Hangul filler", text: "a\u3164b", shown: "a\\u3164b" },
  { what: "an interlinear anchor", text: "a\ufff9b", shown: "a\\ufff9b" },
])("$what becomes a visible escape", ({ text, shown }) => {
  expect(visible(text)).toBe(shown);
});

test.for([
  { what: "a family joined by ZWJ", text: "👩‍👩‍👧‍👦" },
  { what: "a flag of tag letters", text: "🏴󠁧󠁢󠁥󠁮󠁧󠁿" },
  { what: "a heart with an emoji selector", text: "❤️" },
  { what: "a keycap", text: "1️⃣" },
  { what: "a text-style selector", text: "☎︎" },
  { what: "a Han variation", text: "葛\u{e0100}" },
  { what: "Arabic", text: "مرحبا بالعالم" },
  { what: "Japanese", text: "こんにちは、世界" },
])("$what stays as it is", ({ text }) => {
  expect(visible(text)).toBe(text);
});

test("line breaks and runs of spaces become one space", () => {
  expect(visible("  one\r\n\ttwo   three\n")).toBe("one two three");
});

test("a visible text is well formed, one line, and stays the same when made visible again", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = visible(text);
      expect(shown.isWellFormed()).toBe(true);
      expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\ufeff]/u);
      expect(visible(shown)).toBe(shown);
    }),
  );
});

test("text is cut between characters as a reader counts them", () => {
  expect(shortened("abcdef", 6)).toBe("abcdef");
  expect(shortened("abcdefg", 6)).toBe("abcdef…");
  expect(shortened("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2)).toBe("👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
});

test("one character under endless combining marks is cut as well", () => {
  expect(shortened(`a${"\u0301".repeat(1_000_000)}`, 10).length).toBeLessThan(200);
});

test("a cut through a surrogate pair leaves no half", () => {
  const text = `${"\u0301".repeat(31)}😀${"\u0301".repeat(10)}`;
  expect(shortened(text, 2)).toBe(`${"\u0301".repeat(31)}…`);
});

test("the runner finds no command in a printable line", () => {
  expect(printable("x ##[error]y")).toBe("x ##\\u005berror]y");
  expect(printable("  ::error::x")).toBe("  \\u003a:error::x");
  expect(printable("a::b")).toBe("a::b");
});

test("a storable text holds neither NUL nor half a surrogate pair", () => {
  expect(storable("a\0b\ud800c😀")).toBe("a\ufffdb\ufffdc😀");
});
