import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assembleWorkspace } from "../clients/assemble.ts";
import { readFiles } from "../clients/read-files.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../ports.ts";
import { renderComment } from "../preview/comment.ts";
import type { PreviewDocument, PreviewOrigin } from "../preview/document.ts";
import { renderPreview } from "../preview/markdown.ts";
import { previewChange } from "../preview/preview.ts";
import { readPreview } from "../preview/read.ts";
import { terminalPreview } from "../preview/terminal.ts";
import type { Version } from "../preview/touched.ts";
import { readSettings } from "../settings.ts";
import { headCommit, readCommit } from "../vendors/git.ts";
import { type Context, jsonLine } from "./context.ts";

/** GitHub drops a step's whole summary above 1 MiB. */
const maxSummaryBytes = 1_000_000;
const mostSamples = 10;

/**
 * What a change of files does, before it is merged. Exits 1 when a file has an error. Posts and records nothing.
 * With `--from` it only shows what an earlier preview wrote, and says that the figures were not computed here.
 */
export async function preview(context: Context): Promise<number> {
  const { flags } = context.arguments;
  if (typeof flags.from === "string") {
    await show(context, readPreview(await readNamed(flags.from)), "file");
    return 0;
  }
  const document = await compare(context);
  context.host?.annotate(document.problems);
  await show(context, document, "here");
  return document.problems.some(({ severity }) => severity === "error") ? 1 : 0;
}

async function readNamed(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${file} cannot be read (${error.code})`, 2);
  });
}

async function compare(context: Context): Promise<PreviewDocument> {
  const { root, flags } = context.arguments;
  if (typeof flags.base !== "string") {
    throw new UserError("preview needs --base REF, such as --base origin/main (see `npm start -- preview --help`)", 2);
  }
  const samples = readSamples(flags.samples);
  const head = await readHead(root);
  const base = await readBase(root, flags.base);
  const only = typeof flags.client === "string" ? flags.client : undefined;
  assertKnown(only, [base, head]);
  const { model, writer, close } = await openWriter(context);
  try {
    const now = context.clock();
    return await previewChange({ base, head, samples, writer, model, now, ...(only !== undefined && { only }) });
  } finally {
    await close();
  }
}

/** On standard output, in Actions as the job summary, and with `--out` as the files that other jobs take. */
async function show(
  { host, write, arguments: { flags, json } }: Context,
  document: PreviewDocument,
  origin: PreviewOrigin,
): Promise<void> {
  await host?.writeSummary(renderPreview(document, origin, maxSummaryBytes));
  if (typeof flags.out === "string") {
    await mkdir(flags.out, { recursive: true });
    await writeFile(join(flags.out, "preview.json"), JSON.stringify(document));
    await writeFile(join(flags.out, "comment.md"), renderComment(document, origin));
  }
  write(json ? jsonLine(document) : terminalPreview(document, origin));
}

function readSamples(value: string | boolean | undefined): number {
  const samples = value === undefined ? 3 : Number(value);
  if (Number.isInteger(samples) && samples >= 0 && samples <= mostSamples) return samples;
  throw new UserError(`--samples needs a whole number from 0 to ${mostSamples}, not ${value}`, 2);
}

async function readHead(root: string): Promise<Version & { commit: string }> {
  const files = readFiles(root);
  const names = (await readdir(join(root, "schemas")).catch(() => [])).filter((name) => name.endsWith(".json"));
  const schemas = await Promise.all(
    names.map(async (name) => [`schemas/${name}`, await readFile(join(root, "schemas", name), "utf8")] as const),
  );
  // Outside of a checkout the base is asked for too, and says so.
  const commit = (await headCommit(root)) ?? "none";
  return { commit, files, workspace: assembleWorkspace(files), schemas: new Map(schemas) };
}

async function readBase(root: string, revision: string): Promise<Version & { commit: string }> {
  const { commit, files } = await readCommit(root, revision, ["clients", "prompts", "schemas"]);
  const isYaml = ({ path }: { path: string }) => /^(clients|prompts)\/.*\.ya?ml$/i.test(path);
  const yaml = files.filter(isYaml);
  const schemas = files.filter(({ path }) => /^schemas\/.*\.json$/.test(path));
  return {
    commit,
    files: yaml,
    workspace: assembleWorkspace(yaml),
    schemas: new Map(schemas.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])),
  };
}

function assertKnown(only: string | undefined, versions: readonly Version[]): void {
  if (only === undefined) return;
  const file = `clients/${only}.yaml`;
  if (versions.some(({ files }) => files.some(({ path }) => path === file))) return;
  throw new UserError(`there is no client ${only}: ${file} exists neither in the base nor here`, 2);
}

/** The clients' own model where there is a key, and `--offline` does not forbid it; else the sandbox's writer. */
async function openWriter({ environment, arguments: { flags }, clock }: Context): Promise<{
  model: Model;
  writer: "model" | "sandbox";
  close(): Promise<void>;
}> {
  const { openModel } = await import("../vendors/openai.ts");
  const { model } = readSettings(environment).settings;
  if (model.kind === "real" && flags.offline !== true) {
    const { apiKey, baseUrl } = model;
    const real = openModel({ apiKey, now: clock, ...(baseUrl === undefined ? {} : { baseUrl }) });
    return { model: real, writer: "model", close: async () => {} };
  }
  const { startModelSandbox } = await import("../sandbox/model-server.ts");
  const { url, close } = await startModelSandbox({});
  return { model: openModel({ apiKey: "sandbox", baseUrl: url, now: clock }), writer: "sandbox", close };
}
