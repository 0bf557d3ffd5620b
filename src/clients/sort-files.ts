import type { Problem } from "../terms.ts";
import { idNear, idPattern } from "./id.ts";
import { problemAt, type WorkspaceFile } from "./parse-file.ts";

export interface SortedFiles {
  defaults: WorkspaceFile;
  prices: WorkspaceFile;
  /** By id. */
  prompts: ReadonlyMap<string, WorkspaceFile>;
  clients: ReadonlyMap<string, WorkspaceFile>;
  /** Every client that someone meant to have. */
  clientIds: ReadonlySet<string>;
  /** Those of them whose file has the wrong name, or that have two files. */
  misnamed: ReadonlySet<string>;
  problems: readonly Problem[];
}

const kinds = {
  client: { pattern: /^clients\/([^/]+)\.(ya?ml)$/i, ending: "yaml" },
  prompt: { pattern: /^prompts\/([^/]+?)((?:\.prompt)?\.ya?ml)$/i, ending: ".prompt.yml" },
} as const;

/** Tells the kinds of files apart by their names. What is not YAML, a README for example, is nobody's business. */
export function sortFiles(files: readonly WorkspaceFile[]): SortedFiles {
  const paths = new Set(files.map(({ path }) => path));
  const problems: Problem[] = [];
  const clients = new Map<string, WorkspaceFile>();
  const prompts = new Map<string, WorkspaceFile>();
  const clientIds = new Set<string>();
  const misnamed = new Set<string>();
  let defaults = missing("clients/_defaults.yaml");
  let prices = missing("clients/_prices.yaml");
  for (const file of files) {
    if (file.path === defaults.path) defaults = file;
    else if (file.path === prices.path) prices = file;
    else {
      const client = kinds.client.pattern.exec(file.path);
      const prompt = kinds.prompt.pattern.exec(file.path);
      const [, id = "", ending = ""] = client ?? prompt ?? [];
      if (id === "") continue;
      const kind = client ? kinds.client : kinds.prompt;
      const why = badName(file.path, { id, ending, wanted: kind.ending, paths });
      if (client) clientIds.add(id);
      if (why) problems.push(problemAt(file.path, { line: 1, column: 1 }, why));
      if (why && client) misnamed.add(id);
      if (!why) (client ? clients : prompts).set(id, file);
    }
  }
  return { defaults, prices, clients, prompts, clientIds, misnamed, problems };
}

function badName(
  path: string,
  { id, ending, wanted, paths }: { id: string; ending: string; wanted: string; paths: ReadonlySet<string> },
): { message: string; hint: string } | undefined {
  if (ending !== wanted) {
    const right = `${path.slice(0, path.length - ending.length)}${wanted}`;
    if (paths.has(right)) return { message: `${right} exists too`, hint: "delete one of the two" };
    return { message: `files of this kind end in ${wanted.replace(/^\.?/, ".")}`, hint: `rename it to ${right}` };
  }
  if (idPattern.test(id)) return undefined;
  const hint = `rename it to lower-case letters, digits and single hyphens, at most 39, for example ${idNear(id) || "acme"}`;
  return { message: `the file name ${JSON.stringify(id)} is not an id`, hint };
}

function missing(path: string): WorkspaceFile {
  return {
    path,
    unreadable: {
      message: "this file is missing",
      hint: "every workspace needs it: take the one that came with Clara",
    },
  };
}
