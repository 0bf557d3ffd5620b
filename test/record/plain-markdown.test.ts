import fc from "fast-check";
import type { RootContent } from "mdast";
import { expect, test } from "vitest";
import { heading, list, paragraph, table, text } from "../../src/record/markdown.ts";
import { plainMarkdown } from "../../src/record/plain-markdown.ts";
import { escapedMarkdown } from "../../src/record/serialise.ts";

/** Characters and beginnings that Markdown gives a meaning somewhere, among those that it never does. */
const pieces = [..."abwé7 .,:;·%+-$/_*#@!&<>[]()`~|\\=\"'^\n💤", "www.", "http:", "1. ", "- ", "  ", ". ", ": ", " $"];
const harmless = [..."abwé7·,;%+-", ". ", ": ", " $", "1.5", "10:00", " ", "www", "💤"];
const words = fc.oneof(
  ...[pieces, harmless].map((from) => fc.array(fc.constantFrom(...from)).map((all) => all.join(""))),
);
const blocks: fc.Arbitrary<RootContent> = fc.oneof(
  words.map((value) => paragraph({ type: "text", value })),
  words.map((value) => paragraph(text(value))),
  words.map((value) => ({ ...heading(""), children: [{ type: "text" as const, value }] })),
  fc.array(words, { maxLength: 3 }).map(list),
);

test("what is written without the printer is what the printer writes", () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.array(blocks, { minLength: 1, maxLength: 3 }), (nodes) => {
      const written = plainMarkdown(nodes);
      plain += Number(written !== undefined);
      expect(written ?? escapedMarkdown(nodes)).toBe(escapedMarkdown(nodes));
    }),
    { numRuns: 3000 },
  );
  expect(plain).toBeGreaterThan(50);
});

test("the sentences of a tick with nothing due are plain", () => {
  const nodes = [
    paragraph(text("💤 Nothing was due · $0.00 · 0 s")),
    heading("Figures"),
    list([
      "Next: acme at 2026-11-21 10:00 its local time, in 50 min.",
      "Run local-1 of commit c0ffee+, started 09:10:00.5Z.",
    ]),
  ];
  expect(plainMarkdown(nodes)).toBe(escapedMarkdown(nodes));
});

test.for([
  "a [link](http://x)",
  "a@b.c",
  "www.x",
  "1. one",
  "- one",
  "two\nlines",
  "`code`",
  "<b>",
  "a$b$",
  " led by a space",
  "ended by a space ",
  "",
])("%j is left to the printer", (value) => {
  expect(plainMarkdown([paragraph({ type: "text", value })])).toBeUndefined();
});

test("tables, pictures, links and lists in a row are left to the printer", () => {
  expect(plainMarkdown([table(["a"], [])])).toBeUndefined();
  expect(plainMarkdown([list(["a"]), list(["b"])])).toBeUndefined();
  expect(plainMarkdown([{ ...list(["a"]), ordered: true }])).toBeUndefined();
  expect(plainMarkdown([paragraph({ type: "link", url: "x", children: [] })])).toBeUndefined();
});
