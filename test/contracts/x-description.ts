import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

interface Operation {
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

export interface XDescription {
  /** Validator of an operation's JSON request body. */
  request(method: string, path: string): ValidateFunction;
  /** Validator of an operation's answer; "problem" is what its errors have to look like. */
  response(method: string, path: string, status: "200" | "201" | "problem"): ValidateFunction;
}

const file = join(import.meta.dirname, "../../../shared/facts/x-openapi.json");

/** X's own API description, 2.167; undefined where the file is not at hand, for it is not part of this repository. */
export function readXDescription(): XDescription | undefined {
  if (!existsSync(file)) return undefined;
  const description: { paths: Record<string, Record<string, Operation>> } = JSON.parse(readFileSync(file, "utf8"));
  // OpenAPI 3.0 has formats and keywords of its own, which say nothing about JSON.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(description, "x");
  const compile = (pointer: string) => ajv.compile({ $ref: `x#${pointer}` });
  const at = (method: string, path: string) =>
    `/paths/${encodeURIComponent(path.replaceAll("/", "~1"))}/${method.toLowerCase()}`;
  return {
    request: (method, path) => compile(`${at(method, path)}/requestBody/content/application~1json/schema`),
    response: (method, path, status) => {
      const type =
        status === "problem" ? "default/content/application~1problem+json" : `${status}/content/application~1json`;
      return compile(`${at(method, path)}/responses/${type}/schema`);
    },
  };
}
