import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import clientSchema from "../../schemas/client.schema.json" with { type: "json" };
import defaultsSchema from "../../schemas/defaults.schema.json" with { type: "json" };
import pricesSchema from "../../schemas/prices.schema.json" with { type: "json" };
import promptSchema from "../../schemas/prompt.schema.json" with { type: "json" };
import { promptVariables } from "../../src/terms.ts";

interface Node {
  $ref?: string;
  type?: string;
  description?: string;
  errorMessage?: string;
  examples?: readonly unknown[];
  properties?: Record<string, Node | boolean>;
  additionalProperties?: boolean | Node;
  items?: Node;
  anyOf?: Node[];
  $defs?: Record<string, Node>;
}

const schemas: Record<string, Node> = {
  "client.schema.json": clientSchema as Node,
  "defaults.schema.json": defaultsSchema as Node,
  "prices.schema.json": pricesSchema as Node,
  "prompt.schema.json": promptSchema as Node,
};

const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addVocabulary(["errorMessage"]);
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema as AnySchema, name);

/** Every sub-schema with its JSON pointer. */
function nodesOf(node: Node, pointer: string): [string, Node][] {
  const below: [string, Node | boolean | undefined][] = [
    ...Object.entries(node.properties ?? {}).map(([name, child]): [string, Node | boolean] => [
      `properties/${name}`,
      child,
    ]),
    ...Object.entries(node.$defs ?? {}).map(([name, child]): [string, Node] => [`$defs/${name}`, child]),
    ...(node.anyOf ?? []).map((child, index): [string, Node] => [`anyOf/${index}`, child]),
    ["items", node.items],
    ["additionalProperties", node.additionalProperties],
  ];
  return [
    [pointer, node],
    ...below.flatMap(([step, child]) => (typeof child === "object" ? nodesOf(child, `${pointer}/${step}`) : [])),
  ];
}

/** The node that a `$ref` names, in this schema or in another one. */
function resolved(node: Node, name: string): Node {
  if (node.$ref === undefined) return node;
  const [file, pointer = ""] = node.$ref.split("#");
  const target = pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], schemas[file || name]);
  return { ...(target as Node), ...node };
}

describe.each(Object.keys(schemas))("%s", (name) => {
  const nodes = nodesOf(schemas[name] as Node, "#");
  const fields = nodes.filter(([pointer]) => /\/properties\/[^/]+$/.test(pointer));

  test.each(fields)("%s has a description and an example, and its examples are valid", (pointer, node) => {
    const { description, examples = [] } = resolved(node, name);
    expect(description).toMatch(/\S.*\.$/);
    expect(examples).not.toHaveLength(0);
    const validate = ajv.compile({ $ref: `${name}${pointer}` });
    for (const example of examples)
      expect([example, validate(example), validate.errors]).toEqual([example, true, null]);
  });

  test("every value that can be wrong has words and an example for what is right", () => {
    const silent = nodes.filter(([pointer, node]) => {
      const { errorMessage, examples, type, anyOf } = resolved(node, name);
      const wordless = errorMessage === undefined || (examples === undefined && pointer !== "#");
      return (type ?? anyOf) !== undefined && wordless && !/anyOf\/\d$/.test(pointer);
    });
    expect(silent.map(([pointer]) => pointer)).toEqual([]);
  });

  test("no mapping takes unknown fields", () => {
    const open = nodes.filter(([, node]) => node.type === "object" && node.additionalProperties === undefined);
    expect(open.map(([pointer]) => pointer)).toEqual([]);
  });
});

test("test data of a prompt may name exactly the variables that are filled in, and what evaluators need", () => {
  expect(Object.keys(promptSchema.properties.testData.items.properties)).toEqual([
    ...promptVariables,
    "input",
    "expected",
  ]);
});

test("the description of a message names every variable", () => {
  const { description } = promptSchema.properties.messages.items.properties.content;
  expect([...description.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name)).toEqual([...promptVariables]);
});
