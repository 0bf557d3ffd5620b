/** A schema as far as its structure goes. */
export interface Schema {
  $ref?: string;
  type?: string;
  enum?: readonly string[];
  examples?: readonly unknown[];
  properties?: Readonly<Record<string, Schema | boolean>>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: readonly Schema[];
  $defs?: Readonly<Record<string, Schema>>;
}

export type Schemas = Readonly<Record<string, Schema>>;

/** A closed list of words, and the type that has it in TypeScript. */
interface Words {
  type: string;
  words: readonly string[];
}

/**
 * TypeScript that compiles when the type and the schema agree: objects with every field of the schema, which together take
 * every branch, satisfy the type with every field required; and no closed list of the type has more words than the schema's.
 */
export function agreementSource(input: { file: string; type: string; typesFile: string; schemas: Schemas }): string {
  const { file, type, typesFile, schemas } = input;
  const root = { schema: schemas[file] ?? {}, file };
  const lists = wordsIn(root, type, schemas).map(
    ({ type: path, words }, index) =>
      `export const words${index}: Readonly<Record<Extract<${path}, string>, true>> = ${JSON.stringify(Object.fromEntries(words.map((word) => [word, true])))};`,
  );
  return [
    `import type { ${type} } from ${JSON.stringify(typesFile)};`,
    "type Whole<T> = T extends readonly (infer Item)[] ? Whole<Item>[]",
    "  : T extends object ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> } : T;",
    `export const objects = ${JSON.stringify(valuesOf(root, schemas), undefined, 2)} satisfies Whole<${type}>[];`,
    ...lists,
  ].join("\n");
}

interface Place {
  schema: Schema;
  /** References without a file name stay in this one. */
  file: string;
}

function resolve({ schema, file }: Place, schemas: Schemas): Place {
  if (schema.$ref === undefined) return { schema, file };
  const [name = "", pointer = ""] = schema.$ref.split("#");
  const target = name === "" ? file : name;
  const steps = pointer.split("/").slice(1);
  const found = steps.reduce<unknown>((at, step) => Object(at)[step], schemas[target]);
  if (typeof found !== "object" || found === null) throw new Error(`${schema.$ref} leads nowhere`);
  return resolve({ schema: found, file: target }, schemas);
}

/** Values that together take every branch, every word of a list and every field. */
function valuesOf(place: Place, schemas: Schemas): readonly unknown[] {
  const { schema, file } = resolve(place, schemas);
  const below = (child: Schema) => valuesOf({ schema: child, file }, schemas);
  if (schema.anyOf) return schema.anyOf.flatMap(below);
  if (schema.enum) return schema.enum;
  if (schema.items) return [below(schema.items)];
  if (schema.type === "object") return objectsOf({ schema, file }, schemas);
  if (schema.type === "boolean") return [true, false];
  return schema.type === "string" ? ["text"] : [1];
}

/** As many objects as the field with the most values has; the others begin again. */
function objectsOf({ schema, file }: Place, schemas: Schemas): readonly unknown[] {
  const { additionalProperties: others } = schema;
  const fields = fieldsOf(schema).map(([name, child]) => ({
    name,
    values: valuesOf({ schema: child, file }, schemas),
  }));
  if (typeof others === "object")
    fields.push({ name: "any-name", values: valuesOf({ schema: others, file }, schemas) });
  const count = Math.max(1, ...fields.map(({ values }) => values.length));
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(fields.map(({ name, values }) => [name, values[index % values.length]])),
  );
}

function fieldsOf({ properties = {} }: Schema): [string, Schema][] {
  return Object.entries(properties).flatMap(([name, child]): [string, Schema][] =>
    typeof child === "object" ? [[name, child]] : [],
  );
}

function wordsIn(place: Place, type: string, schemas: Schemas): readonly Words[] {
  const { schema, file } = resolve(place, schemas);
  const below = (child: Schema, path: string) => wordsIn({ schema: child, file }, path, schemas);
  if (schema.enum) return [{ type, words: schema.enum }];
  if (schema.anyOf) return schema.anyOf.flatMap((branch) => below(branch, type));
  if (schema.items) return below(schema.items, `Extract<${type}, readonly unknown[]>[number]`);
  const { additionalProperties: others } = schema;
  const fields = fieldsOf(schema).flatMap(([name, child]) =>
    below(child, `NonNullable<Exclude<${type}, string | readonly unknown[]>[${JSON.stringify(name)}]>`),
  );
  return typeof others === "object" ? [...fields, ...below(others, `${type}[string]`)] : fields;
}
