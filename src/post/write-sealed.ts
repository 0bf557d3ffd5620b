import { isDeepStrictEqual } from "node:util";
import { CST, Parser, parseDocument } from "yaml";
import { UserError } from "../errors.ts";

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Renders the sealed value as lines that are indented deeper than their key. */
type Block = (keyIndent: number) => string;

/**
 * The YAML text of a client with `credentials.sealed` set to an armoured block. Only the lines of that field change:
 * the text is edited in place, since a YAML printer would lay the rest out anew.
 * @throws UserError when the text is not a mapping or its credentials are written in a way that can't be edited safely.
 */
export function writeSealed(yamlText: string, armoured: string): string {
  const newline = yamlText.includes("\r\n") ? "\r\n" : "\n";
  const lines = armoured.trim().split(/\r?\n/);
  const block: Block = (indent) => lines.map((line) => `${" ".repeat(indent + 2)}${line}${newline}`).join("");
  // A last line without its end would run into what is added.
  const text = yamlText === "" || yamlText.endsWith("\n") ? yamlText : yamlText + newline;
  const before = read(text);
  const written = applyEdits(text, planEdits(text, block, newline));
  const credentials = { ...(before.credentials as object | null | undefined), sealed: `${lines.join("\n")}\n` };
  if (!isDeepStrictEqual(read(written), { ...before, credentials })) throw cannotEdit();
  return written;
}

/** The armoured block of a client's YAML text; undefined without one. @throws UserError when the text is no mapping. */
export function readSealed(yamlText: string): string | undefined {
  const { credentials } = read(yamlText);
  if (typeof credentials !== "object" || credentials === null || !("sealed" in credentials)) return undefined;
  return typeof credentials.sealed === "string" ? credentials.sealed : undefined;
}

/** The account's id in a client's YAML text; undefined when there is none as `validate` wants it. @throws as readSealed does. */
export function readXUserId(yamlText: string): string | undefined {
  const { x_user_id: id } = read(yamlText);
  return typeof id === "string" ? id : undefined;
}

function read(text: string): Record<string, unknown> {
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
    const value: unknown = document.errors.length === 0 ? document.toJS() : undefined;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Aliases that multiply each other; `validate` names them.
  }
  throw new UserError("the file is not a valid YAML mapping (run `validate` to see where)");
}

function planEdits(text: string, block: Block, newline: string): Edit[] {
  const tokens = [...new Parser().parse(text)];
  const root = tokens.find((token) => token.type === "document")?.value;
  if (root?.type !== "block-map") throw cannotEdit();
  const pair = root.items.find(isKey("credentials"));
  const inner = root.indent + 2;
  const sealed = `${" ".repeat(inner)}sealed: |${newline}${block(inner)}`;
  if (pair === undefined) {
    const end = tokens.find((token) => token.type === "doc-end")?.offset ?? text.length;
    return [insert(end, `${" ".repeat(root.indent)}credentials:${newline}${sealed}`)];
  }
  const { value } = pair;
  if (value?.type === "block-map") return editMap(text, value, block, newline);
  if (value === undefined) return [insert(lineEnd(text, afterColon(pair)), sealed)];
  // `credentials: ~`, `credentials: {}` or `{ sealed: … }`: the value gives way to a block below its line.
  const end = value.type === "flow-collection" ? flowEnd(text, value) : scalarEnd(value);
  return [{ start: value.offset, end, text: "" }, insert(lineEnd(text, end), sealed)];
}

function editMap(text: string, map: CST.BlockMap, block: Block, newline: string): Edit[] {
  const { indent, offset } = map;
  const pair = map.items.find(isKey("sealed"));
  if (pair === undefined) {
    const lineStart = text.lastIndexOf("\n", offset) + 1;
    return [insert(lineStart, `${" ".repeat(indent)}sealed: |${newline}${block(indent)}`)];
  }
  const { value } = pair;
  if (value === undefined) {
    const colon = afterColon(pair);
    return [insert(colon, " |"), insert(lineEnd(text, colon), block(indent))];
  }
  if (value.type === "block-scalar") {
    const header = value.props.find((token) => token.type === "block-scalar-header") ?? value;
    const start = lineEnd(text, header.offset);
    return [
      { start: header.offset, end: scalarEnd(header), text: "|" },
      { start, end: start + value.source.length, text: block(indent) },
    ];
  }
  const end = scalarEnd(value);
  return [{ start: value.offset, end, text: "|" }, insert(lineEnd(text, end), block(indent))];
}

function isKey(name: string): (item: CST.CollectionItem) => boolean {
  return ({ key }) => CST.isScalar(key) && CST.resolveAsScalar(key)?.value === name;
}

function insert(offset: number, text: string): Edit {
  return { start: offset, end: offset, text };
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let written = "";
  let copied = 0;
  for (const edit of edits) {
    written += text.slice(copied, edit.start) + edit.text;
    copied = edit.end;
  }
  return written + text.slice(copied);
}

/** Where the line after this one begins. Only spaces and a comment can follow, so that the next line break ends it. */
function lineEnd(text: string, offset: number): number {
  return text.indexOf("\n", offset) + 1;
}

function afterColon(pair: CST.CollectionItem): number {
  const colon = pair.sep?.find((token) => token.type === "map-value-ind");
  if (colon === undefined) throw cannotEdit();
  return scalarEnd(colon);
}

function scalarEnd(token: CST.Token): number {
  if (!("source" in token)) throw cannotEdit();
  return token.offset + token.source.length;
}

/** The end of `{ … }`. A field lost in there would be noticed at the end, a comment would not. */
function flowEnd(text: string, flow: CST.FlowCollection): number {
  const brace = flow.end.find((token) => token.type === "flow-map-end");
  if (brace === undefined || text.slice(flow.offset, brace.offset).includes("#")) throw cannotEdit();
  return scalarEnd(brace);
}

function cannotEdit(): UserError {
  return new UserError("credentials can't be edited as they are written here (delete that field, then seal again)");
}
