import { isDeepStrictEqual } from "node:util";
import { assembleWorkspace } from "../clients/assemble.ts";
import type { WorkspaceFile } from "../clients/parse-file.ts";
import type { Client, Prompt, Workspace } from "../terms.ts";
import type { ClientPreview } from "./document.ts";

/** One state of the repository: its workspace, the files that it came from, and its schemas' texts. */
export interface Version {
  files: readonly WorkspaceFile[];
  workspace: Workspace;
  schemas: ReadonlyMap<string, string>;
}

export interface TouchedClient {
  id: string;
  kind: ClientPreview["kind"];
  because: readonly string[];
  before: Client | undefined;
  after: Client | undefined;
}

const defaultsFile = "clients/_defaults.yaml";
const pricesFile = "clients/_prices.yaml";

/** The clients that write, post or cost differently in `head`, each with the files that make the difference. */
export function touchedClients(base: Version, head: Version): readonly TouchedClient[] {
  const before = byId(base.workspace);
  const after = byId(head.workspace);
  const schema = changedSchemas(base, head);
  const withOldDefaults = changedBytes(base, head, defaultsFile)
    ? byId(assembleWorkspace(replaceFile(head.files, base.files, defaultsFile)))
    : undefined;
  const ids = new Set([...before.keys(), ...after.keys(), ...head.workspace.broken]);
  return [...ids].sort().flatMap((id): TouchedClient[] => {
    const sides = { before: before.get(id), after: after.get(id) };
    const defaults = withOldDefaults !== undefined && !sameClient(withOldDefaults.get(id), sides.after);
    const because = [...reasons(id, base, head, sides), ...(defaults ? [defaultsFile] : []), ...schema];
    if (because.length === 0) return [];
    return [{ id, kind: kindOf(id, head.workspace, sides), because, ...sides }];
  });
}

interface Sides {
  before: Client | undefined;
  after: Client | undefined;
}

function kindOf(id: string, { broken }: Workspace, { before, after }: Sides): TouchedClient["kind"] {
  if (after === undefined) return broken.has(id) ? "broken" : "removed";
  return before === undefined ? "added" : "changed";
}

function reasons(id: string, base: Version, head: Version, { before, after }: Sides): readonly string[] {
  const file = `clients/${id}.yaml`;
  if (before === undefined || after === undefined) {
    if (before === after && !changedBytes(base, head, file)) return [];
    return [file];
  }
  const ownFile = changedBytes(base, head, file) && !sameClient(before, after) ? [file] : [];
  const prompts = promptIds(before, after).filter(
    (prompt) => !samePrompt(base.workspace.prompts.get(prompt), head.workspace.prompts.get(prompt)),
  );
  const prices = samePrices(base.workspace, head.workspace, [...before.models, ...after.models]) ? [] : [pricesFile];
  const named = prompts.map((prompt) => fileOf(prompt, base, head));
  return [...ownFile, ...named, ...prices];
}

function fileOf(prompt: string, base: Version, head: Version): string {
  const found = head.workspace.prompts.get(prompt) ?? base.workspace.prompts.get(prompt);
  return found?.source.file ?? `prompts/${prompt}.prompt.yml`;
}

/** Prompts that either side uses; one that is only named and missing on both sides changes nothing. */
function promptIds(before: Client, after: Client): readonly string[] {
  return [...new Set([...before.posts, ...after.posts].map(({ prompt }) => prompt))];
}

/** Where a client came from does not change what it posts. */
export function sameClient(one: Client | undefined, other: Client | undefined): boolean {
  return isDeepStrictEqual(withoutSource(one), withoutSource(other));
}

export function samePrompt(one: Prompt | undefined, other: Prompt | undefined): boolean {
  return isDeepStrictEqual(withoutSource(one), withoutSource(other));
}

function withoutSource<T extends { source: unknown }>(value: T | undefined): object | undefined {
  return value === undefined ? undefined : { ...value, source: undefined };
}

function samePrices(base: Workspace, head: Workspace, models: readonly string[]): boolean {
  const sameModels = models.every((model) => isDeepStrictEqual(dollarsOf(base, model), dollarsOf(head, model)));
  return sameModels && isDeepStrictEqual(base.prices.x, head.prices.x);
}

/** What a model costs; when a person last looked at the price changes nothing. */
export function dollarsOf({ prices }: Workspace, model: string): object {
  const { checked: _, ...dollars } = prices.models.get(model) ?? { checked: "" };
  return dollars;
}

/** Words for people change no file's meaning. */
const words = new Set(["title", "description", "examples", "errorMessage", "$comment"]);

function changedSchemas(base: Version, head: Version): readonly string[] {
  const meaning = (text: string | undefined): unknown =>
    text === undefined ? undefined : JSON.parse(text, (key, value: unknown) => (words.has(key) ? undefined : value));
  const names = new Set([...base.schemas.keys(), ...head.schemas.keys()]);
  return [...names].filter(
    (name) => !isDeepStrictEqual(meaning(base.schemas.get(name)), meaning(head.schemas.get(name))),
  );
}

function changedBytes(base: Version, head: Version, path: string): boolean {
  return !isDeepStrictEqual(bytesOf(base.files, path), bytesOf(head.files, path));
}

function bytesOf(files: readonly WorkspaceFile[], path: string): Buffer | undefined {
  const file = files.find((candidate) => candidate.path === path);
  return file !== undefined && "bytes" in file ? Buffer.from(file.bytes) : undefined;
}

function replaceFile(files: readonly WorkspaceFile[], others: readonly WorkspaceFile[], path: string) {
  return [...files.filter((file) => file.path !== path), ...others.filter((file) => file.path === path)];
}

function byId({ clients }: Workspace): ReadonlyMap<string, Client> {
  return new Map(clients.map((client) => [client.id, client]));
}
