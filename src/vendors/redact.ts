import { decode, formsOf, shortest } from "./encodings.ts";

/** Replaces secrets in texts that are shown. */
export interface Redactor {
  /** From now on these appear in no redacted text: not plain, escaped for a URL or JSON, in hex or within base64. */
  hide(secrets: readonly string[]): void;
  redact(text: string): string;
}

/** Recognised without having been told: keys of OpenAI, Supabase and age, bearer tokens. */
const secretForms = /\b(?:sk-|sb_secret_|AGE-SECRET-KEY-1)[\w-]{8,}|\bBearer\s+[\w.~+/%-]{8,}=*/gi;

/** And JSON web tokens. What only begins like one is passed over whole: a search from each `-eyJ` within took minutes. */
const webTokens = /\beyJ[\w-]{6,}(\.[\w-]{6,}\.[\w-]{6,})?/gi;

/** A tick opens thousands of secrets and writes thousands of lines, so a text is gone through once, whatever their number. */
export function openRedactor(): Redactor {
  let known: Known | undefined;
  // Most runs write no line: what is hidden is learned before the first one.
  let untold: string[] = [];
  const told = () => {
    known ??= { begins: new Uint8Array(hashes), lengths: new Map(), forms: new Set() };
    for (const form of untold.flatMap(formsOf)) learn(form, known);
    untold = [];
    return known;
  };
  return {
    hide: (secrets) => {
      untold.push(...secrets);
    },
    redact: (text) =>
      withoutSpans(text, spansOf(text, told()))
        .replace(webTokens, (found, rest) => (rest === undefined ? found : "[secret]"))
        .replace(secretForms, "[secret]"),
  };
}

interface Known {
  /** 1 for the hashes of all that forms begin with: one look at it passes over most of a text. */
  begins: Uint8Array;
  /** The lengths of forms by their first characters, for keys that begin alike are mostly as long as each other. */
  lengths: Map<string, number[]>;
  forms: Set<string>;
}

interface Span {
  start: number;
  end: number;
}

const hashes = 2 ** 18;
const shift = 3;
/** Characters that a hash depends on: earlier ones have been shifted out of it. */
const hashed = 6;

const nextHash = (hash: number, code: number) => ((hash << shift) ^ code) & (hashes - 1);

function learn(form: string, { begins, lengths, forms }: Known): void {
  let hash = 0;
  for (let at = 0; at < hashed; at += 1) hash = nextHash(hash, form.charCodeAt(at));
  begins[hash] = 1;
  const start = form.slice(0, shortest);
  const alike = lengths.get(start);
  if (alike === undefined) lengths.set(start, [form.length]);
  else if (!alike.includes(form.length)) alike.push(form.length);
  forms.add(form);
}

/** Where secrets stand, as they are or escaped. */
function spansOf(text: string, known: Known): readonly Span[] {
  const spans = search(text, known);
  const decoded = decode(text);
  if (decoded === undefined) return spans;
  const { starts, ends } = decoded;
  const escaped = search(decoded.text, known).map(({ start, end }) => ({
    start: starts[start] ?? 0,
    end: ends[end - 1] ?? text.length,
  }));
  return escaped.length === 0 ? spans : joined([...spans, ...escaped].sort((one, other) => one.start - other.start));
}

function search(text: string, known: Known): readonly Span[] {
  const spans: Span[] = [];
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) {
    hash = nextHash(hash, text.charCodeAt(at));
    const start = at + 1 - hashed;
    if (known.begins[hash] === 0 || start < 0) continue;
    const length = longestAt(text, start, known);
    if (length > 0) add(spans, { start, end: start + length });
  }
  return spans;
}

/** The length of the longest form that stands here; 0 where none does. */
function longestAt(text: string, start: number, { lengths, forms }: Known): number {
  let longest = 0;
  for (const length of lengths.get(text.slice(start, start + shortest)) ?? [])
    if (length > longest && forms.has(text.slice(start, start + length))) longest = length;
  return longest;
}

function joined(sorted: readonly Span[]): readonly Span[] {
  const spans: Span[] = [];
  for (const span of sorted) add(spans, span);
  return spans;
}

/** Secrets that overlap are replaced together: what is left of the one would else be shown. */
function add(spans: Span[], { start, end }: Span): void {
  const last = spans.at(-1);
  if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
  else spans.push({ start, end });
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let shown = "";
  let shownTo = 0;
  for (const { start, end } of spans) {
    shown += `${text.slice(shownTo, start)}[secret]`;
    shownTo = end;
  }
  return shown + text.slice(shownTo);
}
