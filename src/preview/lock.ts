import { isDeepStrictEqual } from "node:util";
import { positionOf } from "../clients/position.ts";
import type { Problem, Prompt } from "../terms.ts";
import type { Version } from "./touched.ts";

/**
 * A published prompt's text belongs to its version: every receipt names it. So another text, setting or model needs a
 * higher version, since a lower one may have been another text's; the old one stays readable in Git. An archived prompt was
 * published once. Retiring or publishing a prompt changes no text.
 */
export function lockedPromptProblems(base: Version, head: Version): readonly Problem[] {
  return [...base.workspace.prompts.values()].flatMap((before) => {
    const after = head.workspace.prompts.get(before.id);
    if (before.state === "draft" || after === undefined || isHigher(after.version, before.version)) return [];
    if (isDeepStrictEqual(lockedPart(before), lockedPart(after))) return [];
    return [problem(before, after, head)];
  });
}

function lockedPart({ messages, parameters, models }: Prompt): object {
  return { messages, parameters, models };
}

/** By their numbers: 1.10 is higher than 1.9. */
function isHigher(version: string, than: string): boolean {
  return version.localeCompare(than, "en", { numeric: true }) > 0;
}

function problem({ version }: Prompt, { source }: Prompt, { files }: Version): Problem {
  const file = files.find(({ path }) => path === source.file);
  const text = file !== undefined && "bytes" in file ? new TextDecoder().decode(file.bytes) : "";
  return {
    file: source.file,
    ...positionOf(text, ["version"]),
    message: `this prompt was published as version ${version} with another text`,
    hint: "raise version, so that receipts of earlier posts keep their meaning",
    severity: "error",
  };
}
