import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyRun } from "../../src/commands/identify-run.ts";

let root: string;
const git = async (...args: string[]) => {
  const person = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  return (await promisify(execFile)("git", ["-C", root, ...person, ...args])).stdout.trim();
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clara-identify-"));
});
afterEach(() => rm(root, { recursive: true }));

/** A checkout of its own, which is not the one that the tests run in. */
async function checkout(): Promise<string> {
  await git("init", "--quiet");
  await writeFile(join(root, "file"), "one");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "base");
  return git("rev-parse", "HEAD");
}

test("in Actions the run is GitHub's, with its attempt, and the commit that was checked out", async () => {
  const environment = { GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "77", GITHUB_RUN_ATTEMPT: "2", GITHUB_SHA: "abc" };
  expect(await identifyRun(environment, root)).toEqual({ id: "77-2", commit: "abc" });
  const tip = { ...environment, CLARA_COMMIT: "def" };
  expect(await identifyRun(tip, root)).toEqual({ id: "77-2", commit: "def" });
});

test("elsewhere every run has an id of its own, and the commit of the root, wherever the command runs", async () => {
  const commit = await checkout();
  const [one, other] = await Promise.all([identifyRun({}, root), identifyRun({}, root)]);
  expect(one.id).toMatch(/^local-[0-9a-f-]{36}$/);
  expect(one.id).not.toBe(other.id);
  expect(one.commit).toBe(commit);
  await mkdir(join(root, "below"));
  expect((await identifyRun({}, join(root, "below"))).commit).toBe(commit);
});

test("a plus sign says that files differ from the commit", async () => {
  const commit = await checkout();
  await writeFile(join(root, "file"), "two");
  expect((await identifyRun({}, root)).commit).toBe(`${commit}+`);
});

test("a root outside of a checkout, without a commit, or that is not there has no commit", async () => {
  expect((await identifyRun({}, root)).commit).toBe("none");
  expect((await identifyRun({}, join(root, "nowhere"))).commit).toBe("none");
  await git("init", "--quiet");
  expect((await identifyRun({}, root)).commit).toBe("none");
});
