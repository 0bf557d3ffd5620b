import { isDeepStrictEqual } from "node:util";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { bareHandle, repairField, repairHandle, repairZone } from "./fix-fields.ts";
import { repairOrder } from "./fix-lists.ts";
import { type Position, positionAt } from "./position.ts";
import { applyEdits, type Repair, type Subject } from "./repair.ts";
import { validators } from "./schema.ts";
import { parseYaml } from "./yaml.ts";

/** What `--fix` makes of a text. */
export interface Fixed {
  text: string;
  /** In the order in which they are made; each place is one of the text before that repair. */
  repairs: readonly (Position & { says: string })[];
}

/** More repairs than that in one file, and it is no file of this kind. */
const maxRepairs = 200;

/**
 * Repairs what has one obvious repair: typos of field names, a zone's case, an @ before a handle, the order of times and
 * days. Every other byte stays. After each repair the text must read as before but for it, else it is not made; so a
 * second run finds nothing to do.
 * @param path names the file's kind, as `clients/acme.yaml`.
 */
export function fixText(path: string, text: string): Fixed {
  const isClient = /^clients\/[^_][^/]*$/.test(path);
  const repairs: Fixed["repairs"][number][] = [];
  let current = text;
  while (repairs.length < maxRepairs) {
    const next = nextRepair(current, validatorOf(path), isClient);
    if (next === undefined) break;
    repairs.push({ ...positionAt(current, next.offset), says: next.says });
    current = applyEdits(current, next.edits);
  }
  return { text: current, repairs };
}

function validatorOf(path: string): ValidateFunction {
  if (path === "clients/_defaults.yaml") return validators.defaults;
  if (path === "clients/_prices.yaml") return validators.prices;
  return path.startsWith("prompts/") ? validators.prompt : validators.client;
}

/** The first repair that leaves everything else as it is. */
function nextRepair(text: string, validate: ValidateFunction, isClient: boolean): Repair | undefined {
  const parsed = parseYaml(text);
  const candidates: (Repair | undefined)[] = [];
  if (parsed.ok) {
    const subject: Subject = { text, ...parsed };
    candidates.push(repairField(subject, validate));
    if (isClient) candidates.push(repairHandle(subject), repairZone(subject), repairOrder(subject));
  } else if (isClient) {
    candidates.push(bareHandle(text, readValue));
  }
  return candidates.find(
    (repair) => repair && isDeepStrictEqual(readValue(applyEdits(text, repair.edits)), repair.expected),
  );
}

function readValue(text: string): unknown {
  const parsed = parseYaml(text);
  return parsed.ok ? parsed.value : undefined;
}
