import { createRequire } from "node:module";
import type { List, Paragraph, RootContent, Table } from "mdast";
import { count } from "./format.ts";
import { plainMarkdown } from "./plain-markdown.ts";

/**
 * One part of a document. With `more`, rows may be dropped to make room, and `more` says where to find them; those of
 * `last` only when no other part has any left.
 */
export type Block =
  | { node: RootContent; more?: never; last?: never }
  | { node: Table | List; more: string; last?: boolean };

/** Bytes kept free for each `and 12,345 more, …`. */
const bytesPerRemainder = 200;

/** Markdown of the whole, at most `maxBytes` of UTF-8: the longest table or list loses rows from its end until it fits. */
export function serialise(blocks: readonly Block[], maxBytes: number): string {
  const whole = stringify(blocks.map(({ node }) => node));
  const excessBytes = byteLength(whole) - maxBytes;
  if (excessBytes <= 0) return whole;
  const sizes = blocks.map(rowBytes);
  const last = blocks.map((block) => block.last === true);
  const kept = fitRows(sizes, last, excessBytes + blocks.length * bytesPerRemainder);
  return stringify(blocks.flatMap((block, index) => shorten(block, kept[index] ?? 0)));
}

/** How many rows each table keeps when together they must lose `excessBytes`. */
function fitRows(
  sizes: readonly (readonly number[])[],
  last: readonly boolean[],
  excessBytes: number,
): readonly number[] {
  const kept = sizes.map((rows) => rows.length);
  const totals = sizes.map((rows) => rows.reduce((sum, size) => sum + size, 0));
  let excess = excessBytes;
  while (excess > 0) {
    const index = largest(totals, last);
    const row = (kept[index] ?? 0) - 1;
    const dropped = sizes[index]?.[row] ?? 0;
    if (dropped === 0) break;
    kept[index] = row;
    totals[index] = (totals[index] ?? 0) - dropped;
    excess -= dropped;
  }
  return kept;
}

/** The index of the largest total, of the `last` ones only when the others are used up. */
function largest(totals: readonly number[], last: readonly boolean[]): number {
  const first = Math.max(...totals.map((total, index) => (last[index] ? 0 : total)));
  if (first > 0) return totals.findIndex((total, index) => total === first && !last[index]);
  return totals.indexOf(Math.max(...totals));
}

/** The size of every row that may go. A row and an item always take exactly one line. */
function rowBytes({ node, more }: Block): readonly number[] {
  if (more === undefined) return [];
  const lines = stringify([node]).trimEnd().split("\n");
  return lines.slice(node.type === "table" ? 2 : 0).map((line) => byteLength(line) + 1);
}

function shorten({ node, more }: Block, kept: number): RootContent[] {
  if (more === undefined) return [node];
  // The title row of a table is no row of its own here.
  const titles = node.type === "table" ? 1 : 0;
  const dropped = node.children.length - titles - kept;
  if (dropped === 0) return [node];
  const remainder: Paragraph = {
    type: "paragraph",
    children: [{ type: "text", value: `and ${count(dropped)} more, ${more}` }],
  };
  return titles + kept === 0 ? [remainder] : [keepFirst(node, titles + kept), remainder];
}

function keepFirst(node: Table | List, children: number): Table | List {
  if (node.type === "table") return { ...node, children: node.children.slice(0, children) };
  return { ...node, children: node.children.slice(0, children) };
}

function stringify(children: RootContent[]): string {
  return plainMarkdown(children) ?? escapedMarkdown(children);
}

/** Whatever it says, it reads as text. The printer is loaded when it is needed: a tick with nothing due needs none. */
export function escapedMarkdown(children: RootContent[]): string {
  const load = createRequire(import.meta.url);
  const { toMarkdown }: typeof import("mdast-util-to-markdown") = load("mdast-util-to-markdown");
  const { gfmToMarkdown }: typeof import("mdast-util-gfm") = load("mdast-util-gfm");
  const extensions = [
    gfmToMarkdown({ tablePipeAlign: false, tableCellPadding: true }),
    // GitHub reads `$…$` as a formula. Only a dollar sign after a non-space can close one, so prices stay plain.
    { unsafe: [{ character: "$", before: "\\S", inConstruct: "phrasing" as const }] },
  ];
  return toMarkdown({ type: "root", children }, { bullet: "-", extensions });
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
