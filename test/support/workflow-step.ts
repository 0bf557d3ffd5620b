import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asText, type ExpressionContexts, expand, holds, type Status } from "./expressions.ts";
import { type ActionScene, standIn } from "./runner-actions.ts";

export interface Step {
  id?: string;
  name?: string;
  if?: unknown;
  uses?: string;
  with?: Readonly<Record<string, unknown>>;
  run?: string;
  env?: Readonly<Record<string, unknown>>;
  "continue-on-error"?: boolean;
}

export interface StepResult {
  name: string;
  outcome: "success" | "failure" | "skipped";
  conclusion: "success" | "failure" | "skipped";
  outputs: Readonly<Record<string, string>>;
  summary: string;
  /** What the step printed, and why an action failed. */
  log: string;
}

export interface StepScene extends ActionScene {
  /** What the machine's own environment has, GITHUB_RUN_ID and the like. */
  machine: Readonly<Record<string, string>>;
  secrets: Readonly<Record<string, string>>;
  /** Called with what ends the step's processes at once, as the machine's end would. */
  onStart?: (kill: () => void) => void;
}

/** One step: a script in bash, or an action's stand-in. */
export async function runStep(
  step: Step,
  contexts: ExpressionContexts,
  scene: StepScene,
  status: Status,
): Promise<StepResult> {
  const name = step.name ?? step.uses ?? "";
  const nothing = { name, outputs: {}, summary: "", log: "" };
  if (!holds(step.if, contexts, status)) return { ...nothing, outcome: "skipped", conclusion: "skipped" };
  const ended = step.uses === undefined ? await runScript(step, contexts, scene) : await act(step, contexts, scene);
  const conclusion = step["continue-on-error"] === true ? "success" : ended.outcome;
  return { ...nothing, ...ended, conclusion };
}

type Ended = Pick<StepResult, "outcome" | "log"> & Partial<StepResult>;

async function act(
  { uses = "", with: given = {} }: Step,
  contexts: ExpressionContexts,
  scene: StepScene,
): Promise<Ended> {
  const inputs = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, expand(value, contexts)]));
  try {
    await standIn(uses, inputs, scene);
    return { outcome: "success", log: "" };
  } catch (error) {
    return { outcome: "failure", log: String(error) };
  }
}

/** As the runner does it: its own files for outputs and the summary, and bash that stops at the first failure. */
async function runScript({ run = "", env = {} }: Step, contexts: ExpressionContexts, scene: StepScene): Promise<Ended> {
  const folder = await mkdtemp(join(scene.artifacts, "../step-"));
  const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "summary.md") };
  for (const file of Object.values(files)) await writeFile(file, "");
  const script = join(folder, "script.sh");
  await writeFile(script, asText(expand(run, contexts)));
  const own = Object.entries(env).map(([name, value]) => [name, asText(expand(value, contexts))]);
  const child = spawn("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", script], {
    cwd: scene.directory,
    env: { ...scene.machine, ...Object.fromEntries(own), ...files },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that all that it started can be ended at once.
    detached: true,
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (log += chunk));
  scene.onStart?.(() => process.kill(-(child.pid ?? 0), "SIGKILL"));
  const [code] = await once(child, "close");
  const outputs = keepOutputs(await readFile(files.GITHUB_OUTPUT, "utf8"), scene.secrets);
  const summary = await readFile(files.GITHUB_STEP_SUMMARY, "utf8");
  return { outcome: code === 0 ? "success" : "failure", outputs, summary, log };
}

/** `name=value`, or `name<<delimiter`, the value, the delimiter. The runner drops an output that contains a secret. */
function keepOutputs(text: string, secrets: StepScene["secrets"]): Record<string, string> {
  const found = [...text.matchAll(/^([\w-]+)(?:=(.*)|<<(\S+)\n([\s\S]*?)\n\3)$/gm)];
  const pairs = found.map(([, name = "", line, , lines]) => [name, line ?? lines ?? ""] as const);
  return Object.fromEntries(
    pairs.filter(([, value]) => !Object.values(secrets).some((secret) => secret !== "" && value.includes(secret))),
  );
}
