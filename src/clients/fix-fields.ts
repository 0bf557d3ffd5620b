import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { label, type Path } from "./finding.ts";
import { nearest } from "./names.ts";
import { pairAt, type Repair, type Subject, spanOf } from "./repair.ts";
import { pathOf, secretName } from "./schema-errors.ts";
import { sameZone } from "./timezone.ts";

/** A field that nobody knows, when it was probably meant to be one that is missing there and takes this value. */
export function repairField(subject: Subject, validate: ValidateFunction): Repair | undefined {
  if (validate(subject.value)) return undefined;
  const unknown = (validate.errors ?? []).filter(({ keyword }) => keyword === "additionalProperties");
  const meant = unknown.map((error) => renaming(subject, error, validate));
  const clear = meant.find((one) => one && meant.filter((other) => other?.target === one.target).length === 1);
  return clear?.repair;
}

function renaming(
  { document, value }: Subject,
  error: ErrorObject,
  validate: ValidateFunction,
): { target: string; repair: Repair } | undefined {
  const field = String(error.params.additionalProperty);
  const path = pathOf(error);
  const { properties = {} } = error.parentSchema as { properties?: object };
  const name = nearest(field, Object.keys(properties));
  if (name === undefined || path[0] === "credentials" || secretName.test(field)) return undefined;
  const pair = pairAt(document, [...path, field]);
  const span = spanOf(pair?.key);
  if (pair === undefined || span === undefined || pair.parent.has(name)) return undefined;
  const expected = renamed(value, path, [field, name]);
  if (!validate(expected) && validate.errors?.some((left) => isAbout(left, [...path, name]))) return undefined;
  const says = `${JSON.stringify(field)} is now ${JSON.stringify(name)}`;
  const repair = { says, offset: span.start, edits: [{ ...span, text: name }], expected };
  return { target: JSON.stringify([path, name]), repair };
}

/** Fields that are missing or unknown further down are told, and mended, once their parent has its name. */
const shapes = ["additionalProperties", "required", "oneOf", "dependentRequired"];

function isAbout(error: ErrorObject, path: Path): boolean {
  if (shapes.includes(error.keyword)) return false;
  const own = pathOf(error);
  return path.every((step, depth) => own[depth] === step);
}

/** The same value with one field under another name. */
function renamed(value: unknown, path: Path, [field, name]: readonly [string, string]): unknown {
  const copy: unknown = structuredClone(value);
  const parent = path.reduce<unknown>((at, step) => Object(at)[step], copy);
  if (typeof parent !== "object" || parent === null) return copy;
  const entries = Object.entries(parent);
  const [[, moved] = []] = [entries.find(([key]) => key === field)];
  Reflect.deleteProperty(parent, field);
  Reflect.set(parent, name, moved);
  return copy;
}

/** A client's zone in the wrong case or with spaces, where one zone is written so. */
export function repairZone({ document, value }: Subject): Repair | undefined {
  const { timezone } = Object(value);
  const zone = typeof timezone === "string" ? sameZone(timezone) : undefined;
  const span = spanOf(pairAt(document, ["timezone"])?.value);
  if (zone === undefined || zone === timezone || span === undefined) return undefined;
  const says = `${label(["timezone"])} is now ${JSON.stringify(zone)}`;
  return { says, offset: span.start, edits: [{ ...span, text: zone }], expected: { ...Object(value), timezone: zone } };
}

/** A quoted handle with its @. Without quotes YAML has no such text: see `bareHandle`. */
export function repairHandle({ text, document, value }: Subject): Repair | undefined {
  const { handle } = Object(value);
  if (typeof handle !== "string" || !/^@[A-Za-z0-9_]{1,15}$/.test(handle)) return undefined;
  const span = spanOf(pairAt(document, ["handle"])?.value);
  if (span === undefined || text[span.start + 1] !== "@") return undefined;
  const edit = { start: span.start + 1, end: span.start + 2, text: "" };
  const expected = { ...Object(value), handle: handle.slice(1) };
  return { says: "handle stands without @ now", offset: span.start, edits: [edit], expected };
}

/** The `@` of `handle: @acme`, which is no YAML, in a file that is YAML without it. */
export function bareHandle(text: string, parses: (text: string) => unknown): Repair | undefined {
  const found = /^(handle:[ \t]+)@[A-Za-z0-9_]{1,15}[ \t]*(?:#.*)?\r?$/m.exec(text);
  if (found === null) return undefined;
  const start = found.index + (found[1]?.length ?? 0);
  const expected = parses(text.slice(0, start) + text.slice(start + 1));
  if (expected === undefined) return undefined;
  return { says: "handle stands without @ now", offset: start, edits: [{ start, end: start + 1, text: "" }], expected };
}
