import { hash } from "node:crypto";
import { serialize } from "node:v8";
import type { Defaults, Prices, Problem, Prompt, Workspace } from "../terms.ts";
import type { Reads } from "./cache.ts";
import { normaliseClient, normaliseLimits } from "./client.ts";
import { clientFindings, missingPrompts, type Surroundings, sharedFindings } from "./client-rules.ts";
import { type Candidate, findDuplicates } from "./duplicates.ts";
import type { SharedFields } from "./files.ts";
import { parseFile, type WorkspaceFile } from "./parse-file.ts";
import { normalisePrices, priceFileFindings } from "./prices.ts";
import { normalisePrompt, promptFileFindings } from "./prompt.ts";
import { validators } from "./schema.ts";
import { type SortedFiles, sortFiles } from "./sort-files.ts";

/**
 * Everything that the files of `clients/` and `prompts/` say, and every problem in them. A client with an error is
 * left out and stands in `broken`; the others go on. Without usable prices and defaults no client is usable.
 */
export function assembleWorkspace(files: readonly WorkspaceFile[]): Workspace {
  return assembleFrom(files, undefined).workspace;
}

/** The same, with the clients' files that were read before and are the same now. */
export function assembleFrom(
  files: readonly WorkspaceFile[],
  earlier: Reads | undefined,
): { workspace: Workspace; reads: Reads } {
  const sorted = sortFiles(files);
  const prices = readPrices(sorted.prices);
  const models = prices.value && new Set(prices.value.models.keys());
  const defaults = readDefaults(sorted.defaults, models);
  const prompts = readPrompts(sorted.prompts);
  const around = { models, shared: defaults.value?.shared, ...rulesOn(prompts) };
  const surroundings = hash("sha256", serialize(around));
  const known = earlier?.surroundings === surroundings ? earlier.clients : undefined;
  const read = [...sorted.clients].map(([id, file]) => reuse(file, known) ?? readClient(id, file, around));
  const workspace = combine({ sorted, prices, defaults, prompts, read });
  const sound = read.flatMap(({ value, problems }) => (value ? [{ client: value.client, problems }] : []));
  const clients = new Map(sound.map((client) => [client.client.source.file, client]));
  return { workspace, reads: { surroundings, clients } };
}

/** What stands across files: duplicates, and whether prices and defaults let anyone be served. */
function combine(parts: {
  sorted: SortedFiles;
  prices: Read<Prices>;
  defaults: ReturnType<typeof readDefaults>;
  prompts: ReadPrompts;
  read: readonly Read<Candidate>[];
}): Workspace {
  const { sorted, prices, defaults, prompts, read } = parts;
  const candidates = read.flatMap(({ value }) => value ?? []);
  const problems = [sorted, prices, defaults, prompts, ...read].flatMap((part) => part.problems);
  const clashes = findDuplicates(candidates);
  const clashing = new Set(clashes.map(({ file }) => file));
  const sound = candidates
    .map(({ client }) => client)
    .filter(({ id, source }) => !clashing.has(source.file) && !sorted.misnamed.has(id));
  const clients = prices.value && defaults.value ? sound : [];
  const soundIds = new Set(clients.map(({ id }) => id));
  return {
    clients,
    prompts: prompts.prompts,
    prices: prices.value ?? unaffordable,
    defaults: defaults.value?.defaults ?? nothingAllowed,
    problems: [...problems, ...clashes].sort(byPlace),
    broken: new Set([...sorted.clientIds].filter((id) => !soundIds.has(id))),
  };
}

/** Stand in for files that cannot be read: whoever used them by mistake could spend nothing. */
const never = Number.POSITIVE_INFINITY;
const unaffordable: Prices = {
  models: new Map(),
  x: { postUsd: never, postWithUrlUsd: never, readPostUsd: never, readUserUsd: never },
};
const nothingAllowed: Defaults = { recipients: [], global: { postsPerDay: 0, completionsPerDay: 0, usdPerMonth: 0 } };

/** What a file holds, missing when it has an error, and its problems. */
interface Read<Value> {
  value?: Value;
  problems: readonly Problem[];
}

function readPrices(input: WorkspaceFile): Read<Prices> {
  const parsed = parseFile(input, validators.prices);
  if (!parsed.ok) return { problems: parsed.problems };
  const problems = parsed.report(priceFileFindings(parsed.file));
  return problems.some(isError) ? { problems } : { value: normalisePrices(parsed.file), problems };
}

function readDefaults(
  input: WorkspaceFile,
  models: ReadonlySet<string> | undefined,
): Read<{ defaults: Defaults; shared: SharedFields }> {
  const parsed = parseFile(input, validators.defaults);
  if (!parsed.ok) return { problems: parsed.problems };
  const { recipient, global, defaults: shared = {} } = parsed.file;
  const problems = parsed.report(sharedFindings(shared, ["defaults"], models));
  if (problems.some(isError)) return { problems };
  const recipients = typeof recipient === "string" ? [recipient] : recipient;
  const { model_requests_per_second: modelRequestsPerSecond } = global;
  const rate = modelRequestsPerSecond === undefined ? {} : { modelRequestsPerSecond };
  return { value: { defaults: { recipients, global: normaliseLimits(global), ...rate }, shared }, problems };
}

interface ReadPrompts {
  prompts: ReadonlyMap<string, Prompt>;
  /** Prompts whose file has an error: a client that uses one is broken, and the prompt's own file says why. */
  unusable: ReadonlySet<string>;
  problems: readonly Problem[];
}

function readPrompts(files: ReadonlyMap<string, WorkspaceFile>): ReadPrompts {
  const prompts = new Map<string, Prompt>();
  const unusable = new Set<string>();
  const problems: Problem[] = [];
  for (const [id, input] of files) {
    const parsed = parseFile(input, validators.prompt);
    const found = parsed.ok ? parsed.report(promptFileFindings(parsed.file)) : parsed.problems;
    problems.push(...found);
    if (parsed.ok && !found.some(isError)) prompts.set(id, normalisePrompt({ id, ...parsed }));
    else unusable.add(id);
  }
  return { prompts, unusable, problems };
}

/** What clients' rules may know of prompts. */
function rulesOn({ prompts, unusable }: ReadPrompts): Pick<Surroundings, "prompts" | "unusable"> {
  const facts = [...prompts].map(
    ([id, { state, models, source }]) => [id, { state, models, file: source.file }] as const,
  );
  return { prompts: new Map(facts), unusable };
}

/** A client whose file has the bytes that it had when it was read. */
function reuse(input: WorkspaceFile, known: Reads["clients"] | undefined): Read<Candidate> | undefined {
  const read = known?.get(input.path);
  if (read === undefined || !("bytes" in input)) return undefined;
  if (read.client.source.sha256 !== hash("sha256", input.bytes)) return undefined;
  return { value: { client: read.client, bytes: input.bytes }, problems: read.problems };
}

function readClient(id: string, input: WorkspaceFile, around: Surroundings): Read<Candidate> {
  const parsed = parseFile(input, validators.client);
  if (!parsed.ok) {
    const { problems, found } = parsed;
    return { problems: [...problems, ...(found?.report(missingPrompts(found.value, around)) ?? [])] };
  }
  const { file, source, bytes, report } = parsed;
  const client = normaliseClient({ id, file, shared: around.shared ?? {}, source });
  const problems = report([...sharedFindings(file, [], around.models), ...clientFindings(file, client, around)]);
  const needsBroken = client.posts.some(({ prompt }) => around.unusable.has(prompt));
  return needsBroken || problems.some(isError) ? { problems } : { value: { client, bytes }, problems };
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

function byPlace(one: Problem, other: Problem): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
