import { parse } from "yaml";

/** A workflow as far as the rules look at it. */
interface Workflow {
  on: Record<string, unknown> & { schedule?: { cron: string }[] };
  permissions?: unknown;
  env?: unknown;
  defaults?: { run?: { shell?: string } };
  concurrency?: { group?: string; "cancel-in-progress"?: unknown; queue?: unknown };
  jobs: Record<string, Job>;
}

interface Job {
  "runs-on": unknown;
  "timeout-minutes"?: unknown;
  permissions?: Record<string, string>;
  environment?: { name: string; deployment?: boolean };
  needs?: string | readonly string[];
  if?: string;
  strategy?: { "fail-fast"?: unknown; "max-parallel"?: unknown; matrix: Record<string, unknown> };
  env?: unknown;
  steps: Step[];
}

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
}

interface Subject {
  text: string;
  workflow: Workflow;
  jobs: Job[];
  steps: Step[];
}

/** An expression as it stands in a workflow. */
export function expanded(expression: string): string {
  return `\${{ ${expression} }}`;
}

/** The settings that belong to an artifact's name and place. */
const upload = (name: string, path: string) => ({
  name,
  path,
  "if-no-files-found": "ignore",
  overwrite: true,
  "retention-days": 7,
});
const shardReport = `report-${expanded("matrix.shard")}`;
const otherRun = { "run-id": expanded("github.event.workflow_run.id"), "github-token": expanded("github.token") };

/** The only actions in use: their commit, its tag, and the settings that each may have. */
const actions = new Map<string, { version: string; allowed: readonly Record<string, unknown>[] }>([
  [
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
    {
      version: "v7.0.1",
      allowed: [
        { "persist-credentials": false },
        { "persist-credentials": false, "fetch-depth": 2 },
        { "persist-credentials": false, ref: expanded("github.ref") },
      ],
    },
  ],
  [
    "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020",
    { version: "v7.0.0", allowed: [{ "node-version": "24", "package-manager-cache": false }] },
  ],
  [
    "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a",
    {
      version: "v7.0.1",
      allowed: [
        upload(shardReport, `${shardReport}.json`),
        upload("preview", "preview"),
        upload("comment", "preview/comment.md"),
        upload("request", "request"),
        upload("doctor", "doctor"),
        upload("promises", "promises"),
        upload("simulation", "simulation"),
        upload("bench", "bench"),
      ],
    },
  ],
  [
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    {
      version: "v8.0.1",
      allowed: [
        { pattern: "report-*", path: "reports", "merge-multiple": true },
        { name: "preview", path: "preview" },
        { name: "preview", path: "fork", ...otherRun },
        { name: "comment", path: "preview" },
        { name: "request", path: "request" },
        { name: "doctor", path: "doctor" },
      ],
    },
  ],
]);
const runners: readonly unknown[] = ["ubuntu-24.04"];
/** Each runs the code of the default branch, or has no rights (pull_request). */
const harmlessTriggers = [
  ...["schedule", "repository_dispatch", "workflow_dispatch", "pull_request", "push"],
  ...["issues", "issue_comment", "workflow_run"],
];

const hasSecrets = (part: unknown) => /\bsecrets\b/.test(JSON.stringify(part ?? null));
/** The key of the X app is what a post can't do without. */
const mayPost = (workflow: Workflow) => JSON.stringify(workflow).includes("secrets.X_APP_KEY");
const hasRights = (job: Job) => hasSecrets(job) || job.environment !== undefined;
/** The key that writes a preview's samples has an environment of its own, and a fork never gets it. */
const previewKey = { name: "preview", deployment: false };
const maySpendOnly = (job: Job) => !hasSecrets(job) || !/secrets\.(?!OPENAI_API_KEY\b)\w+/.test(JSON.stringify(job));
/** A job that may write or read more than the contents runs none of our packages, and knows no secret. */
const runsNoPackage = (job: Job) =>
  !hasRights(job) &&
  job.steps.every(({ uses = "", run = "" }) => !/\/(checkout|setup-node)@/.test(uses) && !/\bn(pm|ode)\b/.test(run));
const readOnly = (permissions: Job["permissions"]) =>
  same(permissions, { contents: "read" }) || same(permissions, { contents: "read", actions: "read" });
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Each rule answers whether the workflow obeys it. */
export const rules = {
  "the token may do nothing unless a job says so": ({ workflow }) => same(workflow.permissions, {}),
  "a job may only read, unless it runs no package and knows no secret": ({ jobs }) =>
    jobs.every((job) => job.permissions !== undefined && (readOnly(job.permissions) || runsNoPackage(job))),
  "a permission says what it is for": ({ text }) =>
    text.split("\n").every((line) => !/^\s+[\w-]+: (read|write)\b/.test(line) || / # \w+/.test(line)),
  "an action is pinned to a known commit, with its version beside it": ({ text, steps }) => {
    // Line by line, since one action may stand in several jobs.
    const pinned = [...text.matchAll(/ uses: (\S+) # (\S+)$/gm)].filter(
      ([, uses = "", version]) => actions.get(uses)?.version === version,
    );
    return pinned.length === steps.filter(({ uses }) => uses !== undefined).length;
  },
  "an action has exactly the settings it must have": ({ steps }) =>
    steps.every(({ uses, ...step }) => {
      return uses === undefined || actions.get(uses)?.allowed.some((settings) => same(step.with, settings)) === true;
    }),
  "nothing is expanded inside a script": ({ steps }) =>
    steps.every(({ run }) => run === undefined || !run.includes("${{")),
  "a script writes no environment for later steps": ({ steps }) =>
    steps.every(({ run }) => run === undefined || !/GITHUB_(ENV|PATH)/.test(run)),
  "packages come from the lock file": ({ steps }) =>
    steps.every(
      ({ run }) => run === undefined || !/\bnpx\b|\bnpm (install|i|exec|add)\b|\b(yarn|pnpm|bunx?)\b/.test(run),
    ),
  "a job ends within the hour": ({ jobs }) =>
    jobs.every((job) => typeof job["timeout-minutes"] === "number" && job["timeout-minutes"] <= 60),
  "a job runs on a runner from the list": ({ jobs }) => jobs.every((job) => runners.includes(job["runs-on"])),
  "a script runs in bash that stops at the first failure": ({ workflow, steps }) =>
    workflow.defaults?.run?.shell === "bash" && steps.every(({ shell }) => shell === undefined),
  "no trigger gives strangers' code rights": ({ workflow, jobs }) =>
    Object.keys(workflow.on).every((trigger) => harmlessTriggers.includes(trigger)) &&
    (!("workflow_run" in workflow.on) || !jobs.some(hasRights)),
  "a pull request sees no secret but the key that writes samples": ({ workflow, jobs }) =>
    !("pull_request" in workflow.on) ||
    jobs.every((job) => !hasRights(job) || (same(job.environment, previewKey) && maySpendOnly(job))),
  "a secret is named by itself, in the environment of one step": ({ workflow, jobs, steps }) =>
    !hasSecrets({ ...workflow, jobs: {} }) &&
    jobs.every((job) => !hasSecrets({ ...job, steps: [] })) &&
    steps.every(({ env = {}, ...step }) => !hasSecrets(step) && Object.entries(env).every(isNamedSecret)),
  "a job with secrets belongs to the production environment": ({ jobs }) =>
    jobs.every(
      (job) =>
        !hasSecrets(job) ||
        same(job.environment, { name: "production", deployment: false }) ||
        (same(job.environment, previewKey) && maySpendOnly(job)),
    ),
  "a job with secrets runs no package's script": ({ jobs }) =>
    jobs.every(
      (job) => !hasSecrets(job) || job.steps.every(({ run }) => !run?.includes("npm ci") || isPlainInstall(run)),
    ),
  "a matrix is made of shards, at most 20 jobs of it run at once, and a failure stops no other": ({ jobs }) =>
    jobs.every(
      ({ strategy }) =>
        strategy === undefined ||
        same(strategy, {
          "fail-fast": false,
          "max-parallel": 20,
          // `run --shards` names 256 at most, which is as many jobs as GitHub takes.
          matrix: { shard: expanded("fromJSON(needs.tick.outputs.shards)") },
        }),
    ),
  "a job that reads what others wrote holds no secret": ({ jobs }) =>
    jobs.every((job) => !job.steps.some(({ uses }) => uses?.includes("/download-artifact@")) || !hasRights(job)),
  "a run that posts waits for the one before and is never cancelled": ({ workflow }) =>
    !mayPost(workflow) ||
    (workflow.concurrency?.group === "run-production" && workflow.concurrency["cancel-in-progress"] === false),
  // Otherwise GitHub takes the commit of the trigger, and for a re-run that is an old one.
  "what serves clients works with the tip of its branch, and nothing that a pull request starts does": ({
    workflow,
    jobs,
    steps,
  }) => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    const servesClients = jobs.some(({ environment }) => environment?.name === "production");
    const isForPulls = "pull_request" in workflow.on || "workflow_run" in workflow.on;
    return checkouts.every((step) => (step.with?.ref === undefined ? !servesClients : !isForPulls));
  },
  "a lever never waits behind a run that posts, and none is dropped": ({ workflow }) =>
    !hasSecrets(workflow) ||
    mayPost(workflow) ||
    "pull_request" in workflow.on ||
    same(workflow.concurrency, { group: "levers-production", "cancel-in-progress": false, queue: "max" }),
  "a schedule is at odd minutes, and of a run that posts it has several lines": ({ workflow }) => {
    const { schedule = [] } = workflow.on;
    const isEnough = !mayPost(workflow) || schedule.length !== 1;
    return isEnough && schedule.every(({ cron }) => /^\d?[1379] /.test(cron));
  },
  "a schedule of what no client needs is asked for by a variable": ({ workflow, jobs }) =>
    workflow.on.schedule === undefined ||
    mayPost(workflow) ||
    jobs.every((job) =>
      /^\$\{\{ github\.event_name == 'workflow_dispatch' \|\| vars\.\w+ == 'true' \}\}$/.test(job.if ?? ""),
    ),
} as const satisfies Record<string, (subject: Subject) => boolean>;

export type Rule = keyof typeof rules;

/** The rules that a workflow breaks. */
export function brokenRules(text: string): readonly Rule[] {
  const workflow: Workflow = parse(text);
  const jobs = Object.values(workflow.jobs);
  const subject = { text, workflow, jobs, steps: jobs.flatMap((job) => job.steps) };
  return (Object.keys(rules) as Rule[]).filter((name) => !rules[name](subject));
}

function isNamedSecret([name, value]: [string, unknown]): boolean {
  return !hasSecrets(value) || value === `\${{ secrets.${name} }}`;
}

function isPlainInstall(run: string): boolean {
  return run === "npm ci --ignore-scripts --omit=dev";
}
