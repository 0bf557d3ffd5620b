import { type Document, isAlias, isCollection, isPair, isScalar, type Node, parseDocument } from "yaml";

export type Parsed =
  | { ok: true; document: Document; value: unknown }
  | { ok: false; offset: number; message: string; hint: string };

/** More than any person writes. Beyond it a small file can stand for millions of nodes. */
const maxAliases = 100;

/** Parses one YAML 1.2 document. Every failure, bombs and endless nesting included, is a value with its offset. */
export function parseYaml(text: string): Parsed {
  try {
    return parse(text);
  } catch (error) {
    // The parser reports a full stack itself; the walks after it may still meet one. Anything else is a bug of ours.
    if (error instanceof RangeError) return { ok: false, offset: 0, ...sayError("RESOURCE_EXHAUSTION", "") };
    throw error;
  }
}

function parse(text: string): Parsed {
  const document = parseDocument(text, {
    prettyErrors: false,
    // The library compares every key with every other one: 20,000 keys would take seconds.
    uniqueKeys: false,
    stringKeys: true,
    logLevel: "error",
    schema: "core",
  });
  const error = document.errors[0] ?? document.warnings[0];
  if (error) return { ok: false, offset: Math.min(error.pos[0], text.length), ...sayError(error.code, error.message) };
  const seen: Seen = { aliases: [], anchors: new Set(), open: new Set() };
  const bad = inspect(document.contents, seen);
  if (bad) return { ok: false, ...bad };
  try {
    return { ok: true, document, value: document.toJS({ maxAliasCount: maxAliases }) };
  } catch (cause) {
    // The library throws this for aliases that multiply each other.
    if (!(cause instanceof ReferenceError)) throw cause;
    return { ok: false, offset: seen.aliases[0] ?? 0, ...bomb };
  }
}

const bomb = {
  message: "aliases that repeat each other make this file explode",
  hint: "write the values out instead of using *aliases",
};

/** Plain words for what people really get wrong; the parser's own sentence for the rest. */
const sentences: Record<string, { message: string; hint: string }> = {
  TAB_AS_INDENT: { message: "a tab is used for indentation", hint: "indent with spaces" },
  MULTIPLE_DOCS: { message: "the file holds more than one document", hint: "remove everything from the second --- on" },
  NON_STRING_KEY: { message: "a field name must be text", hint: "write a plain word before the colon" },
  TAG_RESOLVE_FAILED: { message: "YAML tags are not used here", hint: "remove the word that starts with !" },
  RESOURCE_EXHAUSTION: { message: "the file is nested too deeply", hint: "write it as the schema's examples show" },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a second colon makes this line ambiguous",
    hint: "put the whole value in quotes",
  },
  BAD_INDENT: {
    message: "the indentation is off, or a bracket is not closed",
    hint: "line it up with its neighbours, and close what was opened above",
  },
  MISSING_CHAR: { message: "a closing quote or bracket is missing", hint: "close what was opened above" },
};

function sayError(code: string, message: string): { message: string; hint: string } {
  return sentences[code] ?? { message: `not valid YAML: ${message}`, hint: "compare with the lines above and below" };
}

interface Seen {
  /** Where they stand. */
  aliases: number[];
  /** Named so far, and those of them that the current node stands in. */
  anchors: Set<string>;
  open: Set<string>;
}

type Bad = { offset: number; message: string; hint: string } | undefined;

/** The first key that stands twice in its mapping, or alias that names nothing, contains itself, or is one too many. */
function inspect(node: unknown, seen: Seen): Bad {
  if (isAlias(node)) return inspectAlias(node, seen);
  if (!isCollection(node)) {
    if (isScalar(node) && node.anchor !== undefined) seen.anchors.add(node.anchor);
    return undefined;
  }
  const { anchor } = node;
  if (anchor !== undefined) seen.open.add(anchor);
  const keys = new Set<unknown>();
  for (const item of node.items) {
    const value = isPair(item) ? item.value : item;
    if (isPair(item) && isScalar(item.key)) {
      if (item.key.anchor !== undefined) seen.anchors.add(item.key.anchor);
      if (keys.has(item.key.value)) return { offset: startOf(item.key), ...twice };
      keys.add(item.key.value);
    }
    const bad = inspect(value, seen);
    if (bad) return bad;
  }
  if (anchor !== undefined) {
    seen.open.delete(anchor);
    seen.anchors.add(anchor);
  }
  return undefined;
}

const twice = { message: "this field stands twice in the same mapping", hint: "keep one of the two" };

function inspectAlias(alias: Node & { source: string }, seen: Seen): Bad {
  const offset = startOf(alias);
  seen.aliases.push(offset);
  if (seen.aliases.length > maxAliases) return { offset, ...bomb };
  if (seen.open.has(alias.source))
    return { offset, message: "this alias contains itself", hint: "write the value out" };
  if (seen.anchors.has(alias.source)) return undefined;
  const message = `the alias *${alias.source} names no anchor above it`;
  return { offset, message, hint: "put the text in quotes if the * belongs to it" };
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
