import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import faultsSchema from "../../schemas/faults.schema.json" with { type: "json" };
import { type Finding, fault, label } from "../clients/finding.ts";
import { nearest } from "../clients/names.ts";
import { parseFile, type WorkspaceFile } from "../clients/parse-file.ts";
import { UserError } from "../errors.ts";
import { visible } from "../record/visible.ts";
import type { Problem } from "../terms.ts";
import { calm, type Faults, presets } from "./faults.ts";

/** A fault file: any part of `Faults`. */
type FaultFile = { [Part in keyof Faults]?: Faults[Part] extends number ? number : Partial<Faults[Part]> };

const ajv = new Ajv2020({ strict: true, allErrors: true, verbose: true });
ajv.addVocabulary(["errorMessage"]);
const validate = ajv.compile<FaultFile>(faultsSchema);

/**
 * The faults of a preset, or of a YAML file in the same form; what a file leaves out never happens.
 * @throws UserError that names the presets, or the file, line and column of what is wrong and what to write instead.
 */
export async function readFaults(named: string): Promise<Faults> {
  const preset = Object.hasOwn(presets, named) ? presets[named] : undefined;
  if (preset !== undefined) return preset;
  const parsed = parseFile(await fileAt(named), validate);
  const problems = parsed.ok ? parsed.report(rangeFindings(parsed.file)) : parsed.problems;
  if (!parsed.ok || problems.length > 0) throw new UserError(problems.map(problemLine).join("\n"));
  return withCalm(parsed.file);
}

async function fileAt(path: string): Promise<WorkspaceFile> {
  try {
    return { path, bytes: await readFile(path) };
  } catch {
    const known = Object.keys(presets);
    const meant = nearest(path, known);
    const hint = meant === undefined ? `the presets are ${known.join(", ")}` : `did you mean ${meant}?`;
    throw new UserError(`--faults ${visible(path)} is neither a preset nor a file that can be read (${hint})`, 2);
  }
}

function withCalm(file: FaultFile): Faults {
  return {
    ticks: { ...calm.ticks, ...file.ticks },
    crashes: file.crashes ?? 0,
    ledger: { ...calm.ledger, ...file.ledger },
    limiter: { ...calm.limiter, ...file.limiter },
    x: { ...calm.x, ...file.x },
    model: { ...calm.model, ...file.model },
    budgets: { ...calm.budgets, ...file.budgets },
    accounts: { ...calm.accounts, ...file.accounts },
  };
}

const xSpells = ["storms", "unauthorized", "credit", "refused", "blocked"] as const;

/** What the schema cannot say: a range goes upwards. */
function rangeFindings({ ticks, ledger, limiter, x }: FaultFile): readonly Finding[] {
  const ranges = [
    { path: ["ticks", "late", "minutes"], range: ticks?.late?.minutes },
    { path: ["ticks", "silent", "minutes"], range: ticks?.silent?.minutes },
    { path: ["ledger", "gone", "minutes"], range: ledger?.gone?.minutes },
    { path: ["limiter", "gone", "minutes"], range: limiter?.gone?.minutes },
    ...xSpells.map((name) => ({ path: ["x", name, "minutes"], range: x?.[name]?.minutes })),
  ];
  return ranges.flatMap(({ path, range }) => {
    if (range === undefined || range[0] <= range[1]) return [];
    return [
      fault(path, `${label(path)} goes down from ${range[0]} to ${range[1]}`, `write [${range[1]}, ${range[0]}]`),
    ];
  });
}

function problemLine({ file, line, column, message, hint }: Problem): string {
  return visible(`${file}:${line}:${column} ${message} (${hint})`);
}
