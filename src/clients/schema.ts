import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import clientSchema from "../../schemas/client.schema.json" with { type: "json" };
import defaultsSchema from "../../schemas/defaults.schema.json" with { type: "json" };
import pricesSchema from "../../schemas/prices.schema.json" with { type: "json" };
import promptSchema from "../../schemas/prompt.schema.json" with { type: "json" };
import type { ClientFile, DefaultsFile, PricesFile, PromptFile } from "./files.ts";
import { type Finding, fault } from "./finding.ts";
import { explainErrors } from "./schema-errors.ts";

/** Each schema is registered under its file name, so that `$ref` reads the same for editors and for Ajv. */
const ajv = new Ajv2020({ strict: true, allErrors: true, verbose: true });
// Editors show errorMessage under a wrong value, and the problems of this project say the same words.
ajv.addVocabulary(["errorMessage"]);
ajv.addSchema(clientSchema, "client.schema.json");

/** One compiled validator for each kind of file. */
export const validators = {
  client: ajv.getSchema("client.schema.json") as ValidateFunction<ClientFile>,
  defaults: ajv.compile<DefaultsFile>(defaultsSchema),
  prices: ajv.compile<PricesFile>(pricesSchema),
  prompt: ajv.compile<PromptFile>(promptSchema),
};

export type Checked<File> = { ok: true; file: File } | { ok: false; findings: readonly Finding[] };

/** A parsed document as one kind of file, or what keeps it from being one. */
export function checkSchema<File>(value: unknown, validate: ValidateFunction<File>): Checked<File> {
  if (value === null) return { ok: false, findings: [fault([], "the file is empty", "fill it in, or delete it")] };
  if (validate(value)) return { ok: true, file: value };
  return { ok: false, findings: explainErrors(validate.errors ?? []) };
}
