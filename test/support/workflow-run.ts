import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { asText, type ExpressionContexts, expand, holds, type Status } from "./expressions.ts";
import { runStep, type Step, type StepResult, type StepScene } from "./workflow-step.ts";

interface JobFile {
  needs?: string | readonly string[];
  if?: unknown;
  strategy?: {
    "fail-fast"?: boolean;
    "max-parallel"?: number;
    matrix: Readonly<Record<string, unknown>>;
  };
  outputs?: Readonly<Record<string, string>>;
  steps: readonly Step[];
}

type Result = "success" | "failure" | "skipped";

/** One job that ran: a job with a matrix runs once for each of its values. */
export interface JobRun {
  id: string;
  matrix: Readonly<Record<string, string>>;
  result: Result;
  steps: readonly StepResult[];
  outputs: Readonly<Record<string, string>>;
  /** What the page of the run shows of this job. */
  summary: string;
}

export interface WorkflowRun {
  conclusion: "success" | "failure";
  /** Every job that was started. */
  jobs: readonly JobRun[];
  /** How each job of the file ended. */
  results: Readonly<Record<string, Result>>;
  /** The most jobs of a matrix at one time. */
  parallel: number;
}

export interface WorkflowInput {
  /** The file's name under .github/workflows. */
  file: string;
  contexts: Readonly<Record<"github" | "inputs" | "secrets" | "vars", Readonly<Record<string, unknown>>>>;
  /** A folder of this run's own. */
  directory: string;
  /** Holds clients/ and prompts/ of the branch's tip. */
  commit: string;
  /** The commit of the trigger, where it is another than the tip. */
  triggerSha?: string;
  /** Environment of every step. */
  machine: Readonly<Record<string, string>>;
  /** Told of every script that starts. */
  onStart?: (job: string, matrix: JobRun["matrix"], kill: () => void) => void;
}

/** GitHub's limits: https://docs.github.com/en/actions/reference/limits */
const maxMatrixJobs = 256;
const maxOutputCharacters = 500_000;

/**
 * Runs a workflow of this repository on this machine: `if`, `needs`, `outputs`, `matrix` and expressions as GitHub has
 * them, evaluated by GitHub's own package, and scripts in bash. Not here: triggers, concurrency, timeouts, permissions.
 */
export async function runWorkflow(input: WorkflowInput): Promise<WorkflowRun> {
  const text = await readFile(join(import.meta.dirname, "../../.github/workflows", input.file), "utf8");
  const { jobs: files }: { jobs: Record<string, JobFile> } = parse(text);
  await mkdir(join(input.directory, "artifacts"), { recursive: true });
  const jobs: JobRun[] = [];
  const needs: Record<string, { result: Result; outputs: JobRun["outputs"] }> = {};
  let parallel = 0;
  // In the order of the file, in which a job stands behind those that it needs.
  for (const [id, file] of Object.entries(files)) {
    const own = needsOf(file, needs);
    const contexts = { ...input.contexts, needs: own };
    const results = Object.values(own).map(({ result }) => result);
    const status: Status = results.every((result) => result === "success") ? "success" : "failure";
    if (!holds(file.if, contexts, status)) {
      needs[id] = { result: "skipped", outputs: {} };
      continue;
    }
    const ran = await runJob({ id, file, contexts, input });
    parallel = Math.max(parallel, ran.parallel);
    jobs.push(...ran.jobs);
    needs[id] = { result: ran.result, outputs: ran.jobs.at(-1)?.outputs ?? {} };
  }
  const results = Object.fromEntries(Object.entries(needs).map(([id, { result }]) => [id, result]));
  return { conclusion: Object.values(results).includes("failure") ? "failure" : "success", jobs, results, parallel };
}

function needsOf<T>({ needs = [] }: JobFile, ended: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    [needs].flat().map((name) => {
      const found = ended[name];
      if (found === undefined) throw new Error(`the job ${name} does not come before the one that needs it`);
      return [name, found];
    }),
  );
}

interface JobInput {
  id: string;
  file: JobFile;
  contexts: ExpressionContexts;
  input: WorkflowInput;
}

async function runJob({ id, file, contexts, input }: JobInput) {
  const legs = expandMatrix(file, contexts);
  if (legs === undefined) return { jobs: [], result: "failure" as const, parallel: 0 };
  const jobs: JobRun[] = [];
  let [running, parallel] = [0, 0];
  const queue = legs.values();
  const worker = async () => {
    for (const matrix of queue) {
      running += 1;
      parallel = Math.max(parallel, running);
      jobs.push(await runLeg({ id, file, contexts: { ...contexts, matrix }, input, matrix }));
      running -= 1;
    }
  };
  await Promise.all(Array.from({ length: file.strategy?.["max-parallel"] ?? legs.length }, worker));
  const result: Result = jobs.every((job) => job.result === "success") ? "success" : "failure";
  return { jobs, result, parallel };
}

/** Undefined where GitHub would not start the job, because the matrix is none, is empty or is too large. */
function expandMatrix({ strategy }: JobFile, contexts: ExpressionContexts): readonly JobRun["matrix"][] | undefined {
  if (strategy === undefined) return [{}];
  // Otherwise a failure would cancel the others, which this runner does not do.
  if (strategy["fail-fast"] !== false) throw new Error("a matrix must not fail fast here");
  try {
    let legs: JobRun["matrix"][] = [{}];
    for (const [key, value] of Object.entries(strategy.matrix)) {
      const values = expand(value, contexts);
      if (!Array.isArray(values)) return undefined;
      legs = legs.flatMap((leg) => values.map((one) => ({ ...leg, [key]: asText(one) })));
    }
    return legs.length === 0 || legs.length > maxMatrixJobs ? undefined : legs;
  } catch {
    return undefined;
  }
}

async function runLeg({ id, file, contexts, input, matrix }: JobInput & { matrix: JobRun["matrix"] }): Promise<JobRun> {
  const directory = await mkdtemp(join(input.directory, `${id}-`));
  const scene: StepScene = {
    directory,
    artifacts: join(input.directory, "artifacts"),
    commit: input.commit,
    ...(input.triggerSha !== undefined && { triggerSha: input.triggerSha }),
    machine: input.machine,
    secrets: Object.fromEntries(Object.entries(input.contexts.secrets).map(([name, value]) => [name, asText(value)])),
    onStart: (kill) => input.onStart?.(id, matrix, kill),
  };
  const results: StepResult[] = [];
  const steps: Record<string, unknown> = {};
  let status: Status = "success";
  for (const step of file.steps) {
    const result = await runStep(step, { ...contexts, steps }, scene, status);
    results.push(result);
    if (step.id !== undefined) steps[step.id] = result;
    if (result.conclusion === "failure") status = "failure";
  }
  const outputs = Object.fromEntries(
    Object.entries(file.outputs ?? {}).map(([name, value]) => [name, asText(expand(value, { ...contexts, steps }))]),
  );
  if (JSON.stringify(outputs).length > maxOutputCharacters) throw new Error(`the outputs of ${id} are too large`);
  return {
    id,
    matrix,
    result: status,
    steps: results,
    outputs,
    summary: results.map(({ summary }) => summary).join(""),
  };
}
