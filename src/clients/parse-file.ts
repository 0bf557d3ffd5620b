import { hash } from "node:crypto";
import type { ValidateFunction } from "ajv/dist/2020.js";
import type { Problem, Source } from "../terms.ts";
import { decodeUtf8 } from "./decode.ts";
import type { Finding } from "./finding.ts";
import { locate, type Position, positionAt } from "./position.ts";
import { checkSchema } from "./schema.ts";
import { parseYaml } from "./yaml.ts";

/** A file of the workspace, or why its bytes could not be had. */
export type WorkspaceFile =
  | { path: string; bytes: Uint8Array }
  | { path: string; unreadable: { message: string; hint: string } };

export type ParsedFile<File> =
  | {
      ok: true;
      file: File;
      source: Source;
      bytes: Uint8Array;
      /** Turns findings into problems while the parsed document is at hand. */
      report: (findings: readonly Finding[]) => readonly Problem[];
    }
  | {
      ok: false;
      problems: readonly Problem[];
      /** What a file holds that is YAML and not of the schema's form. */
      found?: { value: unknown; report: (findings: readonly Finding[]) => readonly Problem[] };
    };

/** Decode, parse, check against the schema. Positions are worked out only for what is reported. */
export function parseFile<File>(input: WorkspaceFile, validate: ValidateFunction<File>): ParsedFile<File> {
  const { path } = input;
  if ("unreadable" in input)
    return { ok: false, problems: [problemAt(path, { line: 1, column: 1 }, input.unreadable)] };
  const decoded = decodeUtf8(input.bytes);
  if (!decoded.ok) {
    const why = { message: "this byte is not UTF-8", hint: "save the file with the encoding UTF-8" };
    return { ok: false, problems: [problemAt(path, positionAt(decoded.valid, decoded.valid.length), why)] };
  }
  const { text } = decoded;
  const parsed = parseYaml(text);
  if (!parsed.ok) return { ok: false, problems: [problemAt(path, positionAt(text, parsed.offset), parsed)] };
  const report = (findings: readonly Finding[]) =>
    atMost(findings).map((finding) => ({
      ...problemAt(path, locate(text, parsed.document, finding), finding),
      severity: finding.severity,
    }));
  const checked = checkSchema(parsed.value, validate);
  if (!checked.ok) return { ok: false, problems: report(checked.findings), found: { value: parsed.value, report } };
  const sha256 = hash("sha256", input.bytes);
  return { ok: true, file: checked.file, source: { file: path, sha256 }, bytes: input.bytes, report };
}

const maxFindings = 20;

/** A file that is wrong from top to bottom is mended from the top: more lines help nobody and cost time. */
function atMost(findings: readonly Finding[]): readonly Finding[] {
  const first = findings.slice(0, maxFindings);
  const last = first.at(-1);
  if (findings.length <= maxFindings || !last) return first;
  return [...first, { ...last, message: "there are more problems in this file", hint: "mend the first ones" }];
}

/** An error at a place of a file. */
export function problemAt(file: string, position: Position, why: { message: string; hint: string }): Problem {
  return { file, ...position, message: why.message, hint: why.hint, severity: "error" };
}
