import { type Document, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import type { Path } from "./finding.ts";

/** A parsed text, which no repair changes. */
export interface Subject {
  text: string;
  document: Document;
  value: unknown;
}

/** One obvious repair: the edits of the text, and what they do to the value. */
export interface Repair {
  /** What was wrong and what stands there now, as words. */
  says: string;
  /** Where a problem about it points. */
  offset: number;
  edits: readonly Edit[];
  /** The value as it must read afterwards; anything else and the repair is not made. */
  expected: unknown;
}

export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** The text with the edits made; they must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let written = "";
  let copied = 0;
  for (const { start, end, text: words } of edits.toSorted((one, other) => one.start - other.start)) {
    written += text.slice(copied, start) + words;
    copied = end;
  }
  return written + text.slice(copied);
}

export interface FoundPair {
  key: Scalar;
  value: unknown;
  parent: YAMLMap;
}

/** A field of the mappings at a path, without following aliases: what they name would change elsewhere too. */
export function pairAt(document: Document, path: Path): FoundPair | undefined {
  let node: unknown = document.contents;
  for (const [depth, step] of path.entries()) {
    if (isSeq(node)) {
      node = node.items[Number(step)];
      continue;
    }
    if (!isMap(node)) return undefined;
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
    if (pair === undefined || !isScalar(pair.key)) return undefined;
    if (depth === path.length - 1) return { key: pair.key, value: pair.value, parent: node };
    node = pair.value;
  }
  return undefined;
}

/** Where a plain or quoted scalar stands; undefined for one with an anchor or a tag, or in block style. */
export function spanOf(node: unknown): { start: number; end: number } | undefined {
  if (!isScalar(node) || node.anchor !== undefined || node.tag !== undefined || !node.range) return undefined;
  if (node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL") return undefined;
  return { start: node.range[0], end: node.range[1] };
}
