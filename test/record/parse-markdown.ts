import type { Nodes, PhrasingContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";

/** A line of Markdown between tables, or a table as its rows of cells. */
export interface ParsedMarkdown {
  /** Types of every node outside tables, in document order. */
  outline: readonly string[];
  tables: readonly (readonly (readonly Cell[])[])[];
}

interface Cell {
  /** What a reader sees, without the joiners that keep GitHub from linking. */
  words: string;
  /** Types of every node inside, in document order. */
  nodes: readonly string[];
  urls: readonly string[];
}

/**
 * Reads a summary as GitHub does: tables by the rule that every pipe without a backslash before it ends a cell,
 * the rest and the inside of cells by the CommonMark parser, then gfm's search for addresses in plain text.
 */
export function parseMarkdown(markdown: string): ParsedMarkdown {
  const lines = markdown.split("\n");
  const rest = lines.map((line) => (line.startsWith("|") ? "" : line)).join("\n");
  return { outline: nodesOf(parse(rest)).map(({ type }) => type), tables: tablesOf(lines) };
}

function tablesOf(lines: readonly string[]): Cell[][][] {
  const tables: Cell[][][] = [];
  let inTable = false;
  for (const line of lines) {
    const isRow = line.startsWith("|");
    if (isRow && !inTable) tables.push([]);
    if (isRow) tables.at(-1)?.push(splitCells(line).map(toCell));
    inTable = isRow;
  }
  // The second line of a table only draws the line below the titles.
  return tables.map((rows) => rows.filter((_, index) => index !== 1));
}

function splitCells(line: string): string[] {
  const cells = line.match(/(?:\\.|[^|\\])+/gu) ?? [];
  return cells.map((cell) => cell.replaceAll("\\|", "|").trim());
}

function toCell(source: string): Cell {
  const nodes = nodesOf(parse(source)).filter(({ type }) => type !== "root" && type !== "paragraph");
  return {
    words: nodes
      .map((node) => ("value" in node ? node.value : ""))
      .join("")
      .replaceAll("\u2060", ""),
    nodes: nodes.map(({ type }) => type),
    urls: nodes.flatMap((node) => ("url" in node ? [node.url] : [])),
  };
}

function parse(source: string): Nodes {
  return fromMarkdown(source, { mdastExtensions: [gfmFromMarkdown()] });
}

function nodesOf(node: Nodes): Nodes[] {
  return "children" in node ? [node, ...(node.children as PhrasingContent[]).flatMap(nodesOf)] : [node];
}
