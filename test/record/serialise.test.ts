import type { List } from "mdast";
import { expect, test } from "vitest";
import { heading, list, paragraph, table, text } from "../../src/record/markdown.ts";
import type { Block } from "../../src/record/serialise.ts";
import { serialise } from "../../src/record/serialise.ts";

const sentence = (words: string): Block => ({ node: paragraph(text(words)) });
const names = (count: number): List => list(Array.from({ length: count }, (_, index) => `item ${index}`));
const rows = (count: number) => Array.from({ length: count }, (_, index) => [text(`row ${index}`)]);

test("a document that fits keeps every row", () => {
  const blocks: Block[] = [sentence("First."), { node: table(["Name"], rows(2)), more: "see the ledger" }];
  expect(serialise(blocks, 1000)).toBe("First.\n\n| Name |\n| - |\n| row 0 |\n| row 1 |\n");
});

test("the longest table loses its last rows, and a line says how many and where they are", () => {
  const blocks: Block[] = [
    { node: list(["short"]), more: "see the notes" },
    { node: table(["Name"], rows(200)), more: "see the ledger" },
  ];
  const markdown = serialise(blocks, 1200);
  expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(1200);
  const last = /\| row (\d+) \|\n\nand (\d+) more, see the ledger\n$/.exec(markdown);
  expect(Number(last?.[1]) + 1 + Number(last?.[2])).toBe(200);
  expect(markdown).toContain("- short\n");
});

test("two long ones end about equally long", () => {
  const blocks: Block[] = [
    { node: names(300), more: "see the first" },
    { node: table(["Name"], rows(100)), more: "see the second" },
  ];
  const markdown = serialise(blocks, 2000);
  const [items, cells] = [markdown.match(/^- item/gm)?.length ?? 0, markdown.match(/^\| row/gm)?.length ?? 0];
  expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(2000);
  expect(Math.abs(items * "- item 10\n".length - cells * "| row 10 |\n".length)).toBeLessThan(40);
});

test("a part that goes last keeps its rows while any other has some, and then gives way too", () => {
  const blocks: Block[] = [
    { node: table(["Grave"], rows(200)), more: "see the dead letters", last: true },
    { node: names(100), more: "see the ledger" },
    { node: names(10), more: "see the notes" },
  ];
  const roomy = serialise(blocks, 3300);
  expect(roomy.match(/^\| row/gm)).toHaveLength(200);
  expect(roomy).toMatch(/and \d+ more, see the ledger/);
  const tight = serialise(blocks, 1500);
  expect(tight).toContain("and 100 more, see the ledger");
  expect(tight).toContain("and 10 more, see the notes");
  expect(tight).toMatch(/and 1\d\d more, see the dead letters/);
  expect(Buffer.byteLength(tight)).toBeLessThanOrEqual(1500);
});

test("bytes count, not characters", () => {
  const blocks: Block[] = [
    {
      node: table(
        ["Name"],
        rows(50).map(() => [text("ü".repeat(50))]),
      ),
      more: "x",
    },
  ];
  expect(Buffer.byteLength(serialise(blocks, 3000))).toBeLessThanOrEqual(3000);
});

test("where even the titles don't fit, every row is gone and the titles stay", () => {
  const blocks: Block[] = [
    { node: heading("Posts") },
    { node: table(["Name"], rows(3)), more: "see the ledger" },
    { node: names(3), more: "see the ledger" },
  ];
  expect(serialise(blocks, 1)).toBe(
    "### Posts\n\n| Name |\n| - |\n\nand 3 more, see the ledger\n\nand 3 more, see the ledger\n",
  );
});
