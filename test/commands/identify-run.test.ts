import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { identifyRun } from "../../src/commands/identify-run.ts";

test("in Actions the run is GitHub's, with its attempt, and the commit that was checked out", async () => {
  const environment = { GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "77", GITHUB_RUN_ATTEMPT: "2", GITHUB_SHA: "abc" };
  expect(await identifyRun(environment)).toEqual({ id: "77-2", commit: "abc" });
});

test("elsewhere every run has an id of its own, and the commit of the checkout", async () => {
  const [one, other] = await Promise.all([identifyRun({}), identifyRun({})]);
  expect(one.id).toMatch(/^local-[0-9a-f-]{36}$/);
  expect(one.id).not.toBe(other.id);
  expect(one.commit).toMatch(/^[0-9a-f]{40}\+?$/);
});

test("outside of a checkout there is no commit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clara-no-git-"));
  const before = process.env.GIT_DIR;
  process.env.GIT_DIR = join(folder, "none");
  try {
    expect((await identifyRun({})).commit).toBe("none");
  } finally {
    if (before === undefined) delete process.env.GIT_DIR;
    else process.env.GIT_DIR = before;
    await rm(folder, { recursive: true });
  }
});
