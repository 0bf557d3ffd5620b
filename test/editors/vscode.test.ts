import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, matchesGlob } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const mapping: Record<string, string> = JSON.parse(read(".vscode/settings.json"))["yaml.schemas"];
/** The extension matches with minimatch, and so does Node. */
const schemasOf = (file: string) => Object.keys(mapping).filter((schema) => matchesGlob(file, mapping[schema] ?? ""));
const shipped = ["clients", "prompts"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
);

test("VS Code is asked to offer the extension that reads the schemas", () => {
  expect(JSON.parse(read(".vscode/extensions.json"))).toEqual({ recommendations: ["redhat.vscode-yaml"] });
});

test("every schema that is mapped to files exists", () => {
  for (const schema of Object.keys(mapping)) expect(existsSync(join(root, schema)), schema).toBe(true);
});

test.for(shipped)("%s has exactly one schema, the one that its first line names for other editors", (file) => {
  const [, named = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(read(file)) ?? [];
  expect(schemasOf(file).map((schema) => basename(schema))).toEqual([basename(named)]);
});

test.for([
  { file: "clients/new-client.yaml", schema: ["./schemas/client.schema.json"] },
  { file: "clients/_defaults.yaml", schema: ["./schemas/defaults.schema.json"] },
  { file: "clients/_prices.yaml", schema: ["./schemas/prices.schema.json"] },
  { file: "prompts/new.prompt.yml", schema: ["./schemas/prompt.schema.json"] },
  { file: "test/scenarios/first-run/scenario.yaml", schema: [] },
  { file: ".github/workflows/run.yml", schema: [] },
])("$file has the schemas $schema", ({ file, schema }) => {
  expect(schemasOf(file)).toEqual(schema);
});
