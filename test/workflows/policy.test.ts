import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "@actions/languageservice";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { brokenRules, expanded, type Rule, rules } from "./policy.ts";

const folder = join(import.meta.dirname, "../../.github/workflows");
const files = readdirSync(folder);
const read = (file: string) => readFileSync(join(folder, file), "utf8");
const run = read("run.yml");
const ci = read("ci.yml");
const levers = read("levers.yml");
const validation = read("validate.yml");
const onboarding = read("onboard.yml");
const prove = read("prove.yml");

type Document = Parameters<typeof validate>[0];
let documents = 0;

/** What GitHub's language service says. It remembers answers by address, so each document gets its own. */
async function diagnostics(text: string): Promise<readonly string[]> {
  documents += 1;
  const uri = `file:///${documents}/.github/workflows/workflow.yml`;
  // The service reads nothing else of a document.
  const document = { uri, getText: () => text } as Document;
  return (await validate(document)).map(({ message, range }) => `${range.start.line + 1}: ${message}`);
}

test("the workflows are these", () => {
  const expected = [
    "ci.yml",
    "doctor.yml",
    "levers.yml",
    "onboard.yml",
    "preview-comment.yml",
    "prove.yml",
    "run.yml",
    "validate.yml",
  ];
  expect(files.toSorted()).toEqual(expected);
});

describe.each(files)("%s", (file) => {
  test("GitHub's language service has nothing to say", async () => {
    expect(await diagnostics(read(file))).toEqual([]);
  });

  test("every rule is obeyed", () => {
    expect(brokenRules(read(file))).toEqual([]);
  });
});

/** Replaces text that must be there, so that a mistake made on purpose is really made. */
function broken(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`nothing to break: ${from}`);
  return result;
}

test.for([
  { mistake: "an unknown key", from: "timeout-minutes: 30", to: "timeout-minute: 30" },
  { mistake: "a missing runner", from: /^ {4}runs-on: .*\n/m, to: "" },
  { mistake: "an unknown context", from: "github.event_name", to: "githob.event_name" },
  { mistake: "an expression that doesn't end", from: "inputs.client }}", to: "inputs.client" },
  { mistake: "a cron line that isn't one", from: "7 * * * *", to: "7 * * *" },
  { mistake: "an unknown permission", from: "contents: read", to: "content: read" },
  { mistake: "an input of an unknown type", from: "type: boolean", to: "type: bool" },
  { mistake: "an unknown queue", from: "queue: max", to: "queue: many" },
  { mistake: "a step that does nothing", from: "run: npm ci --ignore-scripts --omit=dev", to: "timeout-minutes: 1" },
])("GitHub's language service finds $mistake", async ({ from, to }) => {
  expect(await diagnostics(broken(run, from, to))).not.toEqual([]);
});

const mistakes: { rule: Rule; mistake: string; text: string }[] = [
  breaks("the token may do nothing unless a job says so", run, "permissions: {}", "permissions: read-all"),
  breaks("the token may do nothing unless a job says so", run, "permissions: {}\n", ""),
  breaks(
    "a job may only read, unless it runs no package and knows no secret",
    run,
    "contents: read #",
    "contents: write #",
  ),
  breaks(
    "a job may only read, unless it runs no package and knows no secret",
    run,
    /( +)(contents: read .*\n)/,
    "$1$2$1issues: write # tell\n",
  ),
  breaks("a job may only read, unless it runs no package and knows no secret", ci, / {4}permissions:\n.*\n/, ""),
  breaks(
    "a job may only read, unless it runs no package and knows no secret",
    onboarding,
    "jq --null-input --arg ref",
    "npm start -- x",
  ),
  breaks(
    "a pull request sees no secret but the key that writes samples",
    validation,
    `OPENAI_API_KEY: ${expanded("secrets.OPENAI_API_KEY")}`,
    `X_APP_KEY: ${expanded("secrets.X_APP_KEY")}`,
  ),
  breaks(
    "a pull request sees no secret but the key that writes samples",
    validation,
    "name: preview\n      deployment",
    "name: production\n      deployment",
  ),
  breaks(
    "no trigger gives strangers' code rights",
    run,
    "repository_dispatch:\n    types: [tick]",
    "workflow_run:\n    workflows: [validate]\n    types: [completed]",
  ),
  breaks("a permission says what it is for", run, /contents: read #.*/, "contents: read"),
  breaks("an action is pinned to a known commit, with its version beside it", run, /checkout@\w+/, "checkout@v7.0.1"),
  breaks("an action is pinned to a known commit, with its version beside it", run, /checkout@3d/, "checkout@4d"),
  breaks("an action is pinned to a known commit, with its version beside it", run, "# v7.0.1", "# v7"),
  breaks("an action is pinned to a known commit, with its version beside it", run, " # v7.0.0", ""),
  breaks(
    "an action has exactly the settings it must have",
    run,
    "persist-credentials: false",
    "persist-credentials: true",
  ),
  breaks("an action has exactly the settings it must have", ci, / {8}with:\n.*persist-credentials.*\n/, ""),
  breaks("an action has exactly the settings it must have", ci, "package-manager-cache: false", "cache: npm"),
  breaks("nothing is expanded inside a script", run, '"$CLIENT" ]]', `"${expanded("inputs.client")}" ]]`),
  breaks("nothing is expanded inside a script", run, '"$DRY_RUN"', `"${expanded("env.DRY_RUN")}"`),
  breaks("a script writes no environment for later steps", ci, "run: npm ci", 'run: echo "A=b" >> "$GITHUB_ENV"'),
  breaks("packages come from the lock file", ci, "run: npm ci", "run: npm install"),
  breaks("packages come from the lock file", run, "npm start --silent -- run", "npx tsx src/main.ts run"),
  breaks("a job ends within the hour", run, "timeout-minutes: 30\n    permissions", "permissions"),
  breaks("a job ends within the hour", ci, "timeout-minutes: 30", "timeout-minutes: 360"),
  breaks("a job runs on a runner from the list", ci, "ubuntu-24.04", "ubuntu-24.4"),
  breaks("a job runs on a runner from the list", ci, "ubuntu-24.04", "[self-hosted]"),
  breaks("a script runs in bash that stops at the first failure", ci, "shell: bash", "shell: sh"),
  breaks("a script runs in bash that stops at the first failure", ci, "run: npm ci", "run: npm ci\n        shell: sh"),
  breaks("no trigger gives strangers' code rights", ci, "pull_request:", "pull_request_target:"),
  breaks(
    "a pull request sees no secret but the key that writes samples",
    run,
    "repository_dispatch:\n    types: [tick]",
    "pull_request:",
  ),
  breaks(
    "a pull request sees no secret but the key that writes samples",
    ci,
    "timeout-minutes: 30",
    "timeout-minutes: 30\n    environment: production",
  ),
  breaks(
    "a secret is named by itself, in the environment of one step",
    run,
    expanded("secrets.X_APP_KEY"),
    expanded("toJSON(secrets)"),
  ),
  breaks(
    "a secret is named by itself, in the environment of one step",
    run,
    "secrets.X_APP_KEY",
    "secrets['X_APP_KEY']",
  ),
  breaks(
    "a secret is named by itself, in the environment of one step",
    run,
    "secrets.X_APP_KEY",
    "secrets.X_APP_SECRET",
  ),
  breaks(
    "a secret is named by itself, in the environment of one step",
    run,
    "jobs:",
    `env:\n  A: ${expanded("secrets.A")}\njobs:`,
  ),
  breaks(
    "a secret is named by itself, in the environment of one step",
    run,
    "    steps:",
    `    env:\n      A: ${expanded("secrets.A")}\n    steps:`,
  ),
  breaks(
    "a secret is named by itself, in the environment of one step",
    run,
    'node-version: "24"',
    `token: ${expanded("secrets.TOKEN")}`,
  ),
  breaks("a job with secrets belongs to the production environment", run, "name: production", "name: staging"),
  breaks("a job with secrets belongs to the production environment", run, "deployment: false", "deployment: true"),
  breaks("a job with secrets belongs to the production environment", run, / {4}environment:\n.*\n.*\n/, ""),
  breaks("a job with secrets runs no package's script", run, "npm ci --ignore-scripts", "npm ci"),
  ...[
    ["max-parallel: 20", "max-parallel: 21"],
    ["      max-parallel: 20\n", ""],
    ["fail-fast: false", "fail-fast: true"],
    ["fromJSON(needs.tick.outputs.shards)", "fromJSON(inputs.shards)"],
    ["      matrix:\n        shard:", "      matrix:\n        include:"],
  ].map(([from = "", to = ""]) =>
    breaks(
      "a matrix is made of shards, at most 20 jobs of it run at once, and a failure stops no other",
      run,
      from,
      to,
    ),
  ),
  ...[
    ["          SHARDS: $", `          CLARA_IDENTITY: ${expanded("secrets.CLARA_IDENTITY")}\n          SHARDS: $`],
    ["&& needs.tick.outputs.shards != '[]' }}", "}}\n    environment: { name: production, deployment: false }"],
  ].map(([from = "", to = ""]) => breaks("a job that reads what others wrote holds no secret", run, from, to)),
  breaks(
    "an action is pinned to a known commit, with its version beside it",
    run,
    /upload-artifact@\w+/,
    "upload-artifact@v7",
  ),
  breaks(
    "an action is pinned to a known commit, with its version beside it",
    run,
    /download-artifact@3/,
    "download-artifact@4",
  ),
  breaks("an action has exactly the settings it must have", run, "pattern: report-*", 'pattern: "*"'),
  breaks("an action has exactly the settings it must have", run, "          overwrite: true\n", ""),
  breaks(
    "a run that posts waits for the one before and is never cancelled",
    run,
    "in-progress: false",
    "in-progress: true",
  ),
  breaks(
    "a run that posts waits for the one before and is never cancelled",
    run,
    "group: run-production",
    `group: run-${expanded("github.run_id")}`,
  ),
  breaks("a run that posts waits for the one before and is never cancelled", run, /concurrency:\n(?: .*\n)+/, ""),
  ...[run, levers, read("doctor.yml")].map((text) =>
    breaks(
      "what serves clients works with the tip of its branch, and nothing that a pull request starts does",
      text,
      `          ref: ${expanded("github.ref")}\n`,
      "",
    ),
  ),
  ...[validation, ci, read("preview-comment.yml")].map((text) =>
    breaks(
      "what serves clients works with the tip of its branch, and nothing that a pull request starts does",
      text,
      "persist-credentials: false\n",
      `persist-credentials: false\n          ref: ${expanded("github.ref")}\n`,
    ),
  ),
  ...[
    ["group: levers-production", "group: run-production"],
    ["cancel-in-progress: false", "cancel-in-progress: true"],
    ["  queue: max\n", ""],
  ].map(([from = "", to = ""]) =>
    breaks("a lever never waits behind a run that posts, and none is dropped", levers, from, to),
  ),
  breaks("a schedule is at odd minutes, and of a run that posts it has several lines", run, "7 * * * *", "0 * * * *"),
  breaks("a schedule is at odd minutes, and of a run that posts it has several lines", run, "7 * * * *", "15 * * * *"),
  breaks(
    "a schedule is at odd minutes, and of a run that posts it has several lines",
    run,
    "7 * * * *",
    "*/15 * * * *",
  ),
  breaks(
    "a schedule is at odd minutes, and of a run that posts it has several lines",
    run,
    /( +- cron: .*\n)+/,
    '    - cron: "7 * * * *"\n',
  ),
  breaks("a schedule is at odd minutes, and of a run that posts it has several lines", prove, "41 2", "0 2"),
  ...[
    ["    if: ", "    # if: "],
    [" == 'true' }}", " != 'false' }}"],
    ["github.event_name == 'workflow_dispatch'", "github.event_name == 'schedule'"],
  ].map(([from = "", to = ""]) =>
    breaks("a schedule of what no client needs is asked for by a variable", prove, from, to),
  ),
];

function breaks(rule: Rule, from: string, what: string | RegExp, to: string) {
  return { rule, mistake: `${what} → ${to}`, text: broken(from, what, to) };
}

test.for(mistakes)("«$rule» catches $mistake", ({ rule, text }) => {
  expect(brokenRules(text)).toContain(rule);
});

test("every rule has been seen to catch something", () => {
  expect(new Set(mistakes.map(({ rule }) => rule))).toEqual(new Set(Object.keys(rules)));
});

test("dependencies and actions are kept up to date, after a time of waiting", () => {
  const { version, updates } = parse(readFileSync(join(folder, "../dependabot.yml"), "utf8"));
  expect(version).toBe(2);
  expect(updates.map((update: { "package-ecosystem": string }) => update["package-ecosystem"])).toEqual([
    "npm",
    "github-actions",
  ]);
  for (const update of updates) expect(update.cooldown["default-days"]).toBeGreaterThanOrEqual(7);
});
