import fc from "fast-check";
import { expect, test } from "vitest";
import { fromDifference } from "../../src/preview/from-difference.ts";

const long = "Weigh every word of it twice, and keep only what earns its place. ".repeat(20);

test("long texts are shown from shortly before the place where they part", () => {
  const [before, after] = fromDifference(`${long}No list of five. The end.`, `${long}No list of six. The end.`, 240);
  expect(before).toBe("… place. No list of five. The end.");
  expect(after).toBe("… place. No list of six. The end.");
});

test.for([
  { what: "short texts", before: "one two", after: "one three" },
  { what: "long texts that part at once", before: `A ${long}`, after: `B ${long}` },
  { what: "a text that comes", before: "—", after: long },
])("$what stay as they are", ({ before, after }) => {
  expect(fromDifference(before, after, 240)).toEqual([before, after]);
});

test("a text that only grew at its end shows what was added", () => {
  expect(fromDifference(long, `${long}One more.`, 240)[1]).toMatch(/^….{1,60}One more\.$/);
});

test("whatever changes in a text of words, the first characters of both sides tell it", () => {
  const word = fc.stringMatching(/^[a-zé]{1,9}$/);
  const text = fc.array(word, { minLength: 1, maxLength: 20 });
  const longText = fc.array(word, { minLength: 60, maxLength: 100 });
  fc.assert(
    fc.property(longText, text, text, (start, one, other) => {
      const [before, after] = [one, other].map((end) => [...start, ...end].join(" ")) as [string, string];
      fc.pre(before !== after);
      const [was, is] = fromDifference(before, after, 100);
      expect(was.slice(0, 100)).not.toBe(is.slice(0, 100));
    }),
  );
});
