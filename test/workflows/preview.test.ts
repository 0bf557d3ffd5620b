import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type RequestStage, repository, requestStages } from "./request-stage.ts";
import { failuresOf } from "./run-stage.ts";

/** The workflow files themselves, their scripts in bash, a merge commit as GitHub makes it, and GitHub's API on loopback. */
const stage = requestStages();

const head = "b".repeat(40);
const pullRequest = (fullName: string) => ({
  event_name: "pull_request",
  event: { pull_request: { number: 9, head: { repo: { full_name: fullName } } } },
});
const completed = (fullName: string) => ({
  event_name: "workflow_run",
  event: {
    workflow_run: {
      id: 55,
      event: "pull_request",
      head_repository: { full_name: fullName, owner: { login: "fork" } },
      head_branch: "main",
      head_sha: head,
    },
  },
});
const mine = { id: 31, user: { login: "github-actions[bot]" }, body: "<!-- clara-preview -->\n\nold" };
const others = { id: 30, user: { login: "mallory" }, body: "<!-- clara-preview -->\n\nfalse" };
const pulls = {
  "GET /pulls": [
    { number: 8, head: { sha: "c".repeat(40) } },
    { number: 9, head: { sha: head } },
  ],
};

/** A branch that changes a prompt, merged into its base. */
async function changePrompt({ root, git }: RequestStage, version = "1.1.0"): Promise<void> {
  await git("switch", "--quiet", "-c", "change");
  const file = join(root, "prompts/plain-opinion.prompt.yml");
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text.replace('version: "1.0.0"', `version: "${version}"`).replace("Write the post.", "Write it."),
  );
  await git("commit", "--quiet", "-a", "-m", "change");
  await git("switch", "--quiet", "main");
  await git("merge", "--quiet", "--no-ff", "--no-edit", "change");
}

test.for([
  { there: "no comment yet", comments: [others], write: "POST /issues/9/comments" },
  {
    there: "its comment from before behind hundreds of others",
    comments: [...Array(200).fill(others), mine],
    write: "PATCH /issues/comments/31",
  },
])("a branch of this repository gets one comment, with $there", async ({ comments, write }) => {
  const scene = await stage({ "GET /issues/9/comments": comments });
  await changePrompt(scene);
  const done = await scene.run("validate.yml", pullRequest(repository));
  expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  expect(scene.github.writes()).toEqual([write]);
  const body = String(scene.github.requests.at(-1)?.body?.body);
  expect(body).toMatch(/^<!-- clara-preview -->\n/);
  expect(body).toContain("2 of 5 clients are touched: paperlane, tidewater.");
  expect(body).not.toContain("the diff decides");
  expect(done.jobs.find(({ id }) => id === "preview")?.summary).toContain("### Preview");
});

test("a change with a problem fails, and its preview is commented all the same", async () => {
  const scene = await stage({ "GET /issues/9/comments": [] });
  await changePrompt(scene, "1.0.0");
  const done = await scene.run("validate.yml", pullRequest(repository));
  expect(done).toMatchObject({ conclusion: "failure", results: { preview: "failure", comment: "success" } });
  expect(String(scene.github.requests.at(-1)?.body?.body)).toContain("this prompt was published as version 1.0.0");
});

test.for([
  { there: "none yet", comments: [], write: "POST /issues/9/comments" },
  { there: "one on the second page", comments: [...Array(100).fill(others), mine], write: "PATCH /issues/comments/31" },
])(
  "a fork's run writes nothing; the run behind it finds the pull request and its comment: $there",
  async ({ comments, write }) => {
    const scene = await stage({ ...pulls, "GET /issues/9/comments": comments });
    await changePrompt(scene);
    const first = await scene.run("validate.yml", pullRequest("fork/clara"));
    expect(first, failuresOf(first)).toMatchObject({ conclusion: "success", results: { comment: "skipped" } });
    expect(scene.github.requests).toEqual([]);
    const second = await scene.run("preview-comment.yml", completed("fork/clara"));
    expect(second, failuresOf(second)).toMatchObject({ conclusion: "success" });
    expect(decodeURIComponent(scene.github.requests[0]?.path ?? "")).toBe("/pulls?state=open&head=fork:main");
    expect(scene.github.writes()).toEqual([write]);
    const body = String(scene.github.requests.at(-1)?.body?.body);
    expect(body).toContain("paperlane, tidewater");
    expect(body).toContain("\n⚠️ Computed by the pull request's own code: the diff decides.\n");
  },
);

test.for([
  { artifact: "no JSON", text: "<script>" },
  { artifact: "a document of another form", text: '{"format":1,"clients":[{"id":"$(touch x)"}]}' },
])("a fork's artifact that is $artifact fails in the job without rights, and nothing is written", async ({ text }) => {
  const scene = await stage({ ...pulls, "GET /issues/9/comments": [] });
  await mkdir(join(scene.artifacts, "preview"), { recursive: true });
  await writeFile(join(scene.artifacts, "preview/preview.json"), text);
  const done = await scene.run("preview-comment.yml", completed("fork/clara"));
  expect(done).toMatchObject({ conclusion: "failure", results: { render: "failure", comment: "skipped" } });
  expect(scene.github.requests).toEqual([]);
});

test("a head that has moved on gets no comment", async () => {
  const scene = await stage({ "GET /pulls": [{ number: 9, head: { sha: "d".repeat(40) } }] });
  await changePrompt(scene);
  await scene.run("validate.yml", pullRequest("fork/clara"));
  const done = await scene.run("preview-comment.yml", completed("fork/clara"));
  expect(done.jobs.at(-1)?.steps.at(-1)?.log).toContain("no open pull request has this head any more");
  expect(scene.github.writes()).toEqual([]);
});
