import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { everything, type Finding, failed } from "../../src/doctor/check.ts";
import { doctorIssues } from "../../src/doctor/words.ts";
import { type GithubServer, repository, startGithub } from "../doctor/github.ts";
import { runWorkflow } from "../support/workflow-run.ts";
import { hostile } from "./run-scripts.ts";
import { failuresOf, realNpm } from "./run-stage.ts";

let directory: string;
let github: GithubServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "clara-doctor-"));
  github = await startGithub();
});
afterEach(async () => {
  await github.close();
  await rm(directory, { recursive: true });
});

const machine = () => ({
  PATH: `${join(directory, "bin")}:${process.env.PATH}`,
  HOME: directory,
  GITHUB_API_URL: github.url,
  GITHUB_REPOSITORY: repository,
});

/** Runs the script that keeps the issues, as the runner does, on these findings. */
async function keepIssues(findings: readonly Finding[], only?: string) {
  const work = await mkdtemp(join(directory, "work-"));
  await mkdir(join(work, "doctor"));
  await writeFile(join(work, "doctor/issues.json"), JSON.stringify(doctorIssues(findings, only)));
  const { jobs } = parse(await readFile(join(import.meta.dirname, "../../.github/workflows/doctor.yml"), "utf8"));
  await writeFile(join(directory, "script.sh"), jobs.issues.steps.at(-1).run);
  const child = spawn("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", join(directory, "script.sh")], {
    cwd: work,
    env: { ...machine(), TOKEN: github.token },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, output: stdout + stderr };
}

const trouble = (scope: string, says = "the tokens may only read"): Finding => ({
  scope,
  check: "access",
  ...failed(says, `run \`npm start -- connect ${scope}\``),
});
const open = () => github.issues.filter(({ state }) => state === "open").map(({ title }) => title);
const writes = () => github.requests.filter((request) => !/^GET|\/labels$/.test(request));

test("a client in trouble gets one issue, which is brought up to date while it lasts and closed when it is cured", async () => {
  expect(await keepIssues([trouble("acme"), trouble("beta")])).toEqual({ code: 0, output: "" });
  expect(open()).toEqual(["doctor: acme", "doctor: beta"]);
  expect(github.issues[0]).toMatchObject({ labels: [{ name: "doctor" }] });
  await keepIssues([trouble("acme", "something else")]);
  expect(open()).toEqual(["doctor: acme"]);
  expect(github.issues).toHaveLength(2);
  expect(github.issues[0]?.body).toContain("something else");
  expect(github.issues[0]?.body).toContain("npm start -- connect acme");
  expect(github.issues[1]).toMatchObject({ comments: ["The doctor finds nothing that fails any more."] });
  await keepIssues([]);
  expect(open()).toEqual([]);
  await keepIssues([trouble("beta")]);
  expect(github.issues.map(({ title, state }) => [title, state])).toEqual([
    ["doctor: acme", "closed"],
    ["doctor: beta", "closed"],
    ["doctor: beta", "open"],
  ]);
});

test.for([
  { what: "a shared service fails", findings: [trouble(everything)], only: undefined },
  { what: "one client alone was looked at", findings: [], only: "beta" },
])("no issue is closed when $what: what was not asked is not cured", async ({ findings, only }) => {
  await keepIssues([trouble("acme")]);
  await keepIssues(findings, only);
  expect(open()).toContain("doctor: acme");
});

test("issues of people and pull requests are left alone, whatever they are called", async () => {
  await keepIssues([trouble("acme")]);
  const [own] = github.issues;
  if (own === undefined) throw new Error("no issue was opened");
  const person = { ...own, number: 2, user: { login: "ana" }, comments: [] };
  const pull = { ...own, number: 3, pull_request: {}, comments: [] };
  const other = { ...own, number: 4, title: "A doctor for everybody", comments: [] };
  github.issues.splice(0, 1, person, pull, other);
  await keepIssues([]);
  expect(open()).toHaveLength(3);
  await keepIssues([trouble("acme")]);
  expect(github.issues.map(({ title }) => title)).toEqual([own.title, own.title, other.title, "doctor: acme"]);
});

test("among more issues than a page holds, the client's own is found", async () => {
  await keepIssues([trouble("client-0")]);
  const [first] = github.issues;
  if (first === undefined) throw new Error("no issue was opened");
  for (let index = 1; index < 103; index += 1) {
    github.issues.push({ ...first, number: index + 1, title: `doctor: client-${index}` });
  }
  github.requests.length = 0;
  await keepIssues([trouble("client-102", "still so")], "client-102");
  expect(github.issues).toHaveLength(103);
  expect(github.issues.at(-1)?.body).toContain("still so");
  expect(writes().filter((request) => request.startsWith("POST") && request.endsWith("/issues"))).toEqual([]);
});

test.for(hostile)("the words %j of a service stay words of the issue, and nothing is executed", async (words) => {
  const says = `${words} </td><script>alert(1)</script> @ana #1 [a](https://evil.example)`;
  expect(await keepIssues([trouble("acme", says)])).toEqual({ code: 0, output: "" });
  const body = github.issues[0]?.body ?? "";
  expect(github.issues).toHaveLength(1);
  expect(body).not.toMatch(/(?<!\\)<script|@ana|(?<!\\)\[a\]|\n::add-mask/);
  expect(body.length).toBeLessThan(65_536);
});

test("a GitHub that refuses fails the job and shows no token", async () => {
  github.fault = { status: 403 };
  const { code, output } = await keepIssues([trouble("acme")]);
  expect(code).not.toBe(0);
  expect(output).not.toContain(github.token);
});

test("the whole workflow: the doctor finds a broken file, the issue names the line, and the mended file closes it", async () => {
  const commit = join(directory, "commit");
  for (const folder of ["clients", "prompts"]) {
    await cp(join(import.meta.dirname, "../..", folder), join(commit, folder), { recursive: true });
  }
  await mkdir(join(directory, "bin"));
  const npm = `#!/bin/bash\nif [[ "$1" == ci ]]; then exit 0; fi\nexec '${realNpm}' "$@"\n`;
  await writeFile(join(directory, "bin/npm"), npm);
  await chmod(join(directory, "bin/npm"), 0o755);
  github.workflow = { state: "active", runs: [] };
  const run = async () => {
    const contexts = {
      github: { repository, token: github.token },
      inputs: {},
      secrets: { GITHUB_TOKEN: github.token },
      vars: {},
    };
    const done = await runWorkflow({ file: "doctor.yml", contexts, directory, commit, machine: machine() });
    expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  };
  const file = join(commit, "clients/brotzeit.yaml");
  const sound = await readFile(file, "utf8");
  await writeFile(file, sound.replace("handle: ", "handle: not-"));
  await run();
  expect(open()).toEqual(["doctor: brotzeit"]);
  expect(github.issues[0]?.body).toMatch(/clients\/brotzeit.yaml:4:9 handle must be 1 to 15 letters/);
  await writeFile(file, sound);
  await run();
  expect(open()).toEqual([]);
});
