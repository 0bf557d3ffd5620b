import { Ajv2020 } from "ajv/dist/2020.js";
import { idPattern } from "../clients/id.ts";
import { UserError } from "../errors.ts";
import type { PreviewDocument } from "./document.ts";

/** A workflow of a fork may write anything into its artifact: this much is read, and only this form. */
const maxBytes = 20_000_000;

const string = { type: "string" };
const number = { type: "number", minimum: 0 };
const count = { type: "integer", minimum: 0 };
const list = (items: object) => ({ type: "array", items });
const closed = (required: Record<string, object>, optional: Record<string, object> = {}) => ({
  type: "object",
  additionalProperties: false,
  required: Object.keys(required),
  properties: { ...required, ...optional },
});

const clientId = { type: "string", pattern: idPattern.source };
/** A file whose name is no id is a client with an error: a preview that was refused for it could not say so. */
const fileName = { type: "string", pattern: "^[^/]{1,255}$" };
const problem = closed({
  file: string,
  line: count,
  column: count,
  message: string,
  hint: string,
  severity: { enum: ["error", "warning"] },
});
const day = closed({ date: string, times: list(string), dropped: list(string) }, { clocks: string });
const sampleText = {
  anyOf: [
    closed({ refused: string }),
    closed(
      {
        text: string,
        topic: string,
        prompt: string,
        promptVersion: string,
        weightedLength: count,
        refusedCandidates: count,
        modelUsd: number,
        xUsd: number,
      },
      { model: string },
    ),
  ],
};
const cost = closed({
  posts: count,
  modelUsd: number,
  modelIsWorstCase: { type: "boolean" },
  xUsd: number,
  xMostUsd: number,
});
const clientFields = {
  name: string,
  handle: string,
  timezone: string,
  status: { enum: ["active", "paused", "rehearsal"] },
  because: list(string),
  changes: list(closed({ what: string }, { before: string, after: string })),
  days: list(day),
  samples: list(closed({ slot: string }, { before: sampleText, after: sampleText })),
  cost: closed({ budgetUsd: number }, { before: cost, after: cost }),
};
const client = {
  anyOf: [
    closed({ id: clientId, kind: { enum: ["added", "changed", "removed"] }, ...clientFields }),
    closed({ id: fileName, kind: { const: "broken" }, ...clientFields }),
  ],
};
const commit = { type: "string", pattern: "^[0-9a-f]{40,64}$" };
const schema = closed({
  format: { const: 1 },
  base: commit,
  head: { type: "string", pattern: "^[0-9a-f]{40,64}\\+?$" },
  at: string,
  writer: { enum: ["model", "sandbox"] },
  problems: list(problem),
  clients: list(client),
  untouched: count,
  notes: list(string),
});

const validate = new Ajv2020({ strict: true }).compile<PreviewDocument>(schema);

/** Reads what another job wrote. @throws UserError when it is too large or not of this form; it is never quoted. */
export function readPreview(bytes: Uint8Array): PreviewDocument {
  if (bytes.length > maxBytes) throw new UserError(`the preview has more than ${maxBytes} bytes`);
  const value = parseJson(bytes);
  if (validate(value)) return value;
  const place = validate.errors?.[0]?.instancePath.replace(/[^\w/]/g, "") ?? "";
  throw new UserError(`the preview is not of the form that \`preview --out\` writes (at ${place || "the top"})`);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new UserError("the preview is not JSON");
  }
}
