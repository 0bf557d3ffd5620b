import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type ParsedNode } from "yaml";
import type { Finding, Path } from "./finding.ts";
import { parseYaml } from "./yaml.ts";

/** Line and column, both from 1; the column counts UTF-16 units, as editors do. */
export interface Position {
  line: number;
  column: number;
}

/** Where an offset into a text stands. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at !== -1; at = before.indexOf("\n", at + 1)) line += 1;
  return { line, column: before.length - lineStart + 1 };
}

/** Where a finding stands in a parsed document; the nearest node above it when the node itself is missing. */
export function locate(text: string, document: Document, { path, at }: Pick<Finding, "path" | "at">): Position {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const parent = isAlias(node) ? node.resolve(document) : node;
    const child = childOf(parent, step);
    if (child === undefined) break;
    const wantsKey = at === "key" && depth === path.length - 1;
    offset = (wantsKey || isEmpty(child.value) ? startOf(child.key) : startOf(child.value)) ?? offset;
    node = child.value;
  }
  return positionAt(text, offset);
}

/** Where a field stands in a YAML text, for callers that have no document at hand. Parses: for problems only. */
export function positionOf(text: string, path: Path): Position {
  const parsed = parseYaml(text);
  return parsed.ok ? locate(text, parsed.document, { path, at: "value" }) : positionAt(text, parsed.offset);
}

function childOf(parent: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  if (isSeq(parent)) {
    const item = parent.items[Number(step)];
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(parent)) return undefined;
  return parent.items.find((pair: Pair) => isScalar(pair.key) && String(pair.key.value) === String(step));
}

/** A key without a value has a node of no length behind the colon: the key is the better place to point at. */
function isEmpty(node: unknown): boolean {
  const range = (node as Partial<ParsedNode> | null)?.range;
  return range === undefined || range === null || range[0] === range[1];
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
