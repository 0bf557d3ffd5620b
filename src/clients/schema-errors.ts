import type { ErrorObject } from "ajv/dist/2020.js";
import { type Finding, fault, label, type Path, preview } from "./finding.ts";
import { nearest } from "./names.ts";

/** What a schema says about itself beyond validation. */
interface Described {
  errorMessage?: string;
  examples?: readonly unknown[];
  properties?: Record<string, Described>;
}

/** A file with more errors than this is no client file at all; explaining thousands would take seconds. */
const maxErrors = 200;

/** Turns Ajv's errors into one sentence per cause, in the words of the schemas. */
export function explainErrors(all: readonly ErrorObject[]): readonly Finding[] {
  const errors = all.slice(0, maxErrors).filter((error) => !isSealed(error));
  const findings: Finding[] = [];
  const unknown = errors.filter((error) => error.keyword === "additionalProperties").map(unknownField);
  const meant = new Set(unknown.flatMap(({ meant }) => meant ?? []));
  findings.push(...secrets(all), ...unknown.map(({ finding }) => finding), ...missingFields(errors, meant));
  const said = new Set<string>();
  // A type beside a $ref is said again by the schema that the $ref names, and that one has the words: it goes first.
  const ordered = withoutBranches(errors).toSorted((one, other) => Number(hasWords(other)) - Number(hasWords(one)));
  for (const error of ordered) {
    const finding = wrongValue(error);
    // One sentence per value: the first error of a value is its type, the rest follows from it.
    const key = JSON.stringify(finding.path);
    if (!said.has(key)) findings.push(finding);
    said.add(key);
  }
  return findings;
}

/** Keys and indexes down to what an error is about. */
export function pathOf(error: ErrorObject): Path {
  const steps = error.instancePath.split("/").slice(1);
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~")));
}

/** Names of fields that people put secrets under. */
export const secretName = /token|secret|passw|api_?key|consumer_key|app_key|credential/i;
const sealHint = "run `npm start -- seal <client>`, which writes the sealed block";

const isSealed = ({ instancePath }: ErrorObject) => /^\/credentials(\/|$)/.test(instancePath);

/** Whatever is wrong under credentials is said once, and never with a value: it may be a secret. */
function secrets(errors: readonly ErrorObject[]): readonly Finding[] {
  const sealed = errors.filter(isSealed);
  const field = sealed.find(({ keyword }) => keyword === "additionalProperties");
  if (field) return [unknownField(field).finding];
  const [first] = sealed;
  return first ? [fault(pathOf(first), "credentials must hold a sealed block", sealHint)] : [];
}

function unknownField(error: ErrorObject): { finding: Finding; meant?: string } {
  const field = String(error.params.additionalProperty);
  const path = [...pathOf(error), field];
  const known = Object.keys((error.parentSchema as Described).properties ?? {});
  const at = "key" as const;
  const name = nearest(field, known);
  if (path[0] === "credentials" || (name === undefined && secretName.test(field))) {
    const message = `${preview(field)} puts a secret into the file in plain text`;
    const hint = `remove it, replace that secret at its service, and ${sealHint}`;
    return { finding: { path, at, message, hint, severity: "error" } };
  }
  const hint = name === undefined ? `remove it; known here: ${known.join(", ")}` : `write ${JSON.stringify(name)}`;
  const finding = { path, at, message: `unknown field ${preview(field)}`, hint, severity: "error" as const };
  return name === undefined ? { finding } : { finding, meant: JSON.stringify([error.instancePath, name]) };
}

/** One finding per mapping; a field that an unknown one was meant to be is not missing. */
function missingFields(errors: readonly ErrorObject[], meant: ReadonlySet<string>): readonly Finding[] {
  const mappings = new Map<string, { path: Path; fields: string[]; schema: Described }>();
  for (const error of errors) {
    if (error.keyword !== "required" || isBranch(error)) continue;
    const field = String(error.params.missingProperty);
    if (meant.has(JSON.stringify([error.instancePath, field]))) continue;
    const mapping = mappings.get(error.instancePath) ?? {
      path: pathOf(error),
      fields: [],
      schema: error.parentSchema as Described,
    };
    mapping.fields.push(field);
    mappings.set(error.instancePath, mapping);
  }
  return [...mappings.values()].map(({ path, fields, schema }) => {
    const example = schema.properties?.[fields[0] ?? ""]?.examples?.[0];
    const hint = example === undefined ? `add ${fields.join(", ")}` : `for example ${fields[0]}: ${inline(example)}`;
    const where = path.length === 0 ? "" : ` in ${label(path)}`;
    return fault(path, `missing ${fields.length > 1 ? "fields" : "field"}${where}: ${fields.join(", ")}`, hint);
  });
}

/** Errors of values. Of a choice (anyOf) either the branch that was meant speaks, or the choice itself. */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === "anyOf");
  const silent = new Set<ErrorObject>();
  for (const choice of choices) {
    const inside = errors.filter((error) => error !== choice && isUnder(error, choice));
    const telling = inside.filter((error) => error.instancePath !== choice.instancePath || !isKind(error));
    for (const error of inside) if (!telling.includes(error)) silent.add(error);
    if (telling.length > 0) silent.add(choice);
  }
  const elsewhere = ["additionalProperties", "required"];
  return errors.filter((error) => {
    if (silent.has(error) || elsewhere.includes(error.keyword) || isBranch(error)) return false;
    return error.propertyName === undefined;
  });
}

function isUnder(error: ErrorObject, choice: ErrorObject): boolean {
  return error.instancePath === choice.instancePath || error.instancePath.startsWith(`${choice.instancePath}/`);
}

const isKind = (error: ErrorObject) => error.keyword === "type" || error.keyword === "enum";
const hasWords = (error: ErrorObject) => (error.parentSchema as Described).errorMessage !== undefined;
const isBranch = (error: ErrorObject) => error.schemaPath.includes("/oneOf/");

function wrongValue(error: ErrorObject): Finding {
  const path = pathOf(error);
  const schema = error.parentSchema as Described;
  const shaped = error.keyword === "oneOf" || error.keyword === "dependentRequired";
  if (shaped && isMapping(error.data)) return scheduleShape(path, error.data);
  if (error.keyword === "propertyNames") {
    const name = String(error.params.propertyName);
    const message = `${preview(name)} is not a name of the form provider/model`;
    return { ...fault([...path, name], message, 'write for example "openai/gpt-5-mini"'), at: "key" };
  }
  if (error.keyword === "uniqueItems") {
    const { i, j } = error.params as { i: number; j: number };
    return fault([...path, Math.max(i, j)], `${label(path)} names this twice`, "remove one of the two");
  }
  const message = `${label(path)} must be ${schema.errorMessage}; it is ${preview(error.data)}`;
  if (path.length === 0) return fault(path, `the file must hold ${schema.errorMessage}`, "write name: value");
  return fault(path, message, numberInQuotes(error) ?? `write for example ${inline(schema.examples?.[0])}`);
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function scheduleShape(path: Path, schedule: object): Finding {
  const has = (field: string) => Object.hasOwn(schedule, field);
  if (has("times"))
    return fault(path, "times and posting_hours exclude each other", "keep times, or posting_hours with posts_per_day");
  const hint = 'write for example times: ["09:00", "17:30"], or posting_hours: "09:00-18:00" with posts_per_day: 4';
  if (!has("posting_hours") && !has("posts_per_day")) return fault(path, "the schedule has no times", hint);
  return fault(path, "posting_hours and posts_per_day belong together", hint);
}

function numberInQuotes(error: ErrorObject): string | undefined {
  if (error.keyword !== "type" || error.params.type !== "string" || typeof error.data !== "number") return undefined;
  return "put it in quotes";
}

/** An example in YAML's flow style; JSON is a part of YAML. */
function inline(example: unknown): string {
  return JSON.stringify(example);
}
