import type { Problem, Workspace } from "../terms.ts";
import { everything, type Finding, failed, ok, type Verdict, warning } from "./check.ts";

/** What the files say about themselves: every problem where it belongs, and a line for each client without one. */
export function checkFiles(workspace: Workspace): readonly Finding[] {
  const { clients, prompts, problems, broken } = workspace;
  const ids = [...new Set([...clients.map(({ id }) => id), ...broken])].sort();
  const owners = Map.groupBy(problems, ({ file }) => ids.find((id) => isFileOf(file, id)) ?? everything);
  const shared = owners.get(everything) ?? [];
  const all =
    shared.length > 0 ? shared.map(verdictOf) : [ok(`defaults, prices and ${prompts.size} prompts are valid`)];
  const own = ids.flatMap((id) => {
    const found = (owners.get(id) ?? []).map(verdictOf);
    if (found.length > 0) return found.map((verdict) => finding(id, verdict));
    return [finding(id, broken.has(id) ? brokenElsewhere : ok(`clients/${id}.yaml is valid`))];
  });
  return [...all.map((verdict) => finding(everything, verdict)), ...own];
}

const brokenElsewhere = failed(
  "the client rests on a shared file or a prompt that has an error",
  "mend that file: `npm start -- validate` shows where",
);

function isFileOf(file: string, id: string): boolean {
  return file === `clients/${id}.yaml` || file === `clients/${id}.yml`;
}

function verdictOf({ file, line, column, message, hint, severity }: Problem): Verdict {
  const says = `${file}:${line}:${column} ${message}`;
  return severity === "error" ? failed(says, hint) : warning(says, hint);
}

function finding(scope: string, verdict: Verdict): Finding {
  return { scope, check: "files", ...verdict };
}
