import fc from "fast-check";
import { expect, test } from "vitest";
import { sameText } from "../../src/post/same-text.ts";

test.for([
  ["a  b\r\nc ", "a b c"],
  ["Cafe\u0301", "Café"],
  ["fish & chips <now>", "fish &amp; chips &lt;now&gt;"],
  ["see example.com now", "see http://example.com now"],
  ["see Example.com/Path", "see https://example.com/Path"],
  ["see https://example.com/", "see http://example.com"],
  ["(https://example.com/a/).", "(https://example.com/a)."],
  ["A.-b", "a.-b"],
  ["münchen.de", "http://xn--mnchen-3ya.de"],
])("%j is the same post as %j", ([left, right]) => {
  expect(sameText(left ?? "", right ?? "")).toBe(true);
});

test.for([
  ["a b", "ab"],
  ["https://example.com/a", "https://example.com/b"],
  ["https://example.com/Path", "https://example.com/path"],
  ["Stop", "stop"],
  ["one!", "one"],
  ["5/6 done", "56 done"],
])("%j is another post than %j", ([left, right]) => {
  expect(sameText(left ?? "", right ?? "")).toBe(false);
});

test("every text is the same as itself in either normal form", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => sameText(text, text.normalize("NFD"))));
});
