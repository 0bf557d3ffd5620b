import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { madeUp } from "./corpus-attacks.ts";
import { pieces } from "./corpus-pieces.ts";
import { rewritten } from "./corpus-rewrites.ts";

/** One hostile file of a workspace, and how it was made. */
export interface HostileFile {
  path: string;
  bytes: Uint8Array;
  how: string;
}

export interface Shipped {
  path: string;
  text: string;
  value: unknown;
}

const root = join(import.meta.dirname, "..", "..");

const piece = fc.oneof(
  fc.constantFrom(...pieces),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);

/** The files of the workspace that is shipped. */
export async function readShipped(): Promise<readonly Shipped[]> {
  const names = await Promise.all(
    ["clients", "prompts"].map(async (folder) =>
      (await readdir(join(root, folder))).map((name) => `${folder}/${name}`),
    ),
  );
  return Promise.all(
    names.flat().map(async (path) => {
      const text = await readFile(join(root, path), "utf8");
      return { path, text, value: parse(text) };
    }),
  );
}

/** Mutations of the shipped files and files made up from nothing; the same seed gives the same files. */
export function hostileFiles(
  shipped: readonly Shipped[],
  { seed, count }: { seed: number; count: number },
): readonly HostileFile[] {
  const file = fc.oneof(
    { weight: 6, arbitrary: editedText(shipped) },
    { weight: 4, arbitrary: editedBytes(shipped) },
    { weight: 5, arbitrary: editedValue(shipped) },
    { weight: 3, arbitrary: rewritten(shipped) },
    { weight: 2, arbitrary: madeUp(shipped) },
  );
  return fc.sample(file, { seed, numRuns: count });
}

type FileArbitrary = fc.Arbitrary<HostileFile>;

const encode = (text: string) => new TextEncoder().encode(text);

/** Pieces put into the text, over a few characters of it. */
function editedText(shipped: readonly Shipped[]): FileArbitrary {
  const edits = fc.array(fc.tuple(fc.nat(4000), fc.oneof(fc.constant(0), fc.nat(20), fc.nat(400)), piece), {
    minLength: 1,
    maxLength: 5,
  });
  return fc.tuple(fc.constantFrom(...shipped), edits).map(([{ path, text }, all]) => {
    const edited = all.reduce((before, [place, length, put]) => {
      const at = place % (before.length + 1);
      return before.slice(0, at) + put + before.slice(at + length);
    }, text);
    return { path, bytes: encode(edited), how: "text" };
  });
}

/** Bytes flipped, put in, left out, doubled or cut off. */
function editedBytes(shipped: readonly Shipped[]): FileArbitrary {
  const edit = fc.record({
    place: fc.nat(4000),
    length: fc.nat(60),
    put: fc.uint8Array({ maxLength: 8 }),
    twice: fc.boolean(),
  });
  return fc
    .tuple(fc.constantFrom(...shipped), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([{ path, text }, edits]) => {
      const bytes = edits.reduce((before, { place, length, put, twice }) => {
        const at = place % (before.length + 1);
        const rest = before.subarray(twice ? at : at + length);
        return Buffer.concat([before.subarray(0, twice ? at + length : at), put, rest]);
      }, Buffer.from(text));
      return { path, bytes: new Uint8Array(bytes), how: "bytes" };
    });
}

const hostileValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 53, "", " ", [], {}, [[]], [null], { a: {} }),
  fc.constantFrom(...pieces),
  fc.constantFrom(
    "x".repeat(5000),
    "9".repeat(5000),
    "09:00 ".repeat(500),
    "1h".repeat(900),
    "é".repeat(3000),
    "\u202e".repeat(500),
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.constantFrom("09:00", "25:61", "monday", "x"), { maxLength: 400 }),
);

/** A value somewhere in the document replaced, or its key renamed, and the whole written as JSON, which is YAML too. */
function editedValue(shipped: readonly Shipped[]): FileArbitrary {
  const edit = fc.record({
    walk: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
    value: hostileValue,
    key: fc.option(fc.constantFrom("__proto__", "constructor", "", "x".repeat(3000), "toString", "a.b/c~1", "\ud800")),
  });
  return fc
    .tuple(fc.constantFrom(...shipped), fc.array(edit, { minLength: 1, maxLength: 3 }), fc.constantFrom(0, 2))
    .map(([{ path, value }, edits, indent]) => {
      const edited = edits.reduce<unknown>((before, { walk, ...change }) => replaceAt(before, walk, change), value);
      return { path, bytes: encode(JSON.stringify(edited, null, indent) ?? ""), how: "value" };
    });
}

function replaceAt(
  node: unknown,
  [step, ...rest]: readonly number[],
  change: { value: unknown; key: string | null },
): unknown {
  if (step === undefined || typeof node !== "object" || node === null) return change.value;
  const entries = Object.entries(node);
  const at = step % (entries.length + 1);
  const [name, inner] = entries[at] ?? ["added", null];
  const key = rest.length === 0 && change.key !== null ? change.key : name;
  entries.splice(at, 1, [key, replaceAt(inner, rest, change)]);
  return Array.isArray(node) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
