import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agreementSource, type Schema, type Schemas } from "./schema-types.ts";

const root = join(import.meta.dirname, "../..");
const typesFile = join(root, "src/clients/files.ts");
const kinds = { client: "ClientFile", defaults: "DefaultsFile", prices: "PricesFile", prompt: "PromptFile" } as const;
type Kind = keyof typeof kinds;

/** Fields of a prompt that only GitHub's own tools read: Clara takes them as they are, and no type of hers has them. */
const githubOnly = ["name", "description", "tags", "model", "testData", "evaluators"];

const shipped: Schemas = Object.fromEntries(
  Object.keys(kinds).map((kind) => {
    const schema: Schema = JSON.parse(readFileSync(join(root, `schemas/${kind}.schema.json`), "utf8"));
    if (kind !== "prompt") return [`${kind}.schema.json`, schema];
    const properties = Object.fromEntries(
      Object.entries(schema.properties ?? {}).filter(([name]) => !githubOnly.includes(name)),
    );
    return ["prompt.schema.json", { ...schema, properties }];
  }),
);

/** Disagreements made on purpose: each changes a copy of one schema, by text that must be there. */
const planted: readonly { what: string; kind: Kind; from: string; to: string }[] = [
  {
    what: "a field that the type has not got",
    kind: "client",
    from: '"voice":{',
    to: '"mood":{"type":"string"},"voice":{',
  },
  { what: "a field that the schema has not got", kind: "client", from: '"topics":{', to: '"themes":{' },
  {
    what: "an optional field that the schema has not got",
    kind: "client",
    from: '"made_with_ai":{',
    to: '"by_hand":{',
  },
  { what: "another kind of value", kind: "client", from: '"type":"boolean"', to: '"type":"string"' },
  { what: "a word that the type does not know", kind: "client", from: '"paused",', to: '"paused","asleep",' },
  {
    what: "a word that the schema does not know",
    kind: "client",
    from: '"enum":["active","paused","rehearsal"]',
    to: '"enum":["active","paused"]',
  },
  { what: "a field deep inside", kind: "defaults", from: '"min_gap":{', to: '"max_gap":{' },
  { what: "a field of one branch of a choice", kind: "client", from: '"max_per_week":{', to: '"max_per_day":{' },
  {
    what: "another kind of number in a table",
    kind: "prices",
    from: '"usd":{"type":"number"',
    to: '"usd":{"type":"string"',
  },
  {
    what: "a word in a list's items",
    kind: "prompt",
    from: '"enum":["system","user","assistant"]',
    to: '"enum":["system","user"]',
  },
];

let directory: string;
let errors: string;

/** One run of the compiler over every source: what it says names the file. */
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "clara-types-"));
  const write = (name: string, kind: Kind, schemas: Schemas) => {
    const source = agreementSource({ file: `${kind}.schema.json`, type: kinds[kind], typesFile, schemas });
    writeFileSync(join(directory, `${name}.ts`), source);
  };
  for (const kind of Object.keys(kinds) as Kind[]) write(kind, kind, shipped);
  for (const [index, { kind, from, to }] of planted.entries()) {
    const text = JSON.stringify(shipped);
    expect(text).toContain(from);
    write(`planted-${index}`, kind, JSON.parse(text.replaceAll(from, to)));
  }
  const compilerOptions = { types: [], rootDir: "/" };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  errors = spawnSync(process.execPath, [tsc, "--project", directory, "--pretty", "false"], { encoding: "utf8" }).stdout;
});
afterAll(() => rmSync(directory, { recursive: true }));

const saidOf = (name: string) =>
  errors.split("\n").filter((line) => new RegExp(`(^|[\\\\/])${name}\\.ts\\(`).test(line));

test.for(Object.keys(kinds))(
  "the JSON Schema %s and its TypeScript type have the same fields, values and words",
  (kind) => {
    expect(saidOf(kind)).toEqual([]);
  },
);

test.for(planted.map(({ what }, index) => ({ what, index })))("the compiler finds $what", ({ index }) => {
  expect(saidOf(`planted-${index}`)).not.toEqual([]);
});

test("it finds nothing else, so that every file was compiled with types that it could read", () => {
  const known = errors.split("\n").filter((line) => line.includes("error TS"));
  expect(known.filter((line) => !/planted-\d+\.ts\(/.test(line))).toEqual([]);
  expect(known.length).toBeGreaterThanOrEqual(planted.length);
});
