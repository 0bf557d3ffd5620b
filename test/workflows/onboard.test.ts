import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { formText } from "../onboard/forms.ts";
import { type RequestStage, requestStages } from "./request-stage.ts";
import { hostile } from "./run-scripts.ts";
import { failuresOf } from "./run-stage.ts";

/** The workflow file itself, its scripts in bash, and GitHub's API on loopback. */
const stage = requestStages();

const may = {
  "GET /collaborators/ana/permission": { permission: "write" },
  "GET /git/ref/heads/main": { object: { sha: "f".repeat(40) } },
};

const opened = (body: string, change: object = {}) => ({
  event_name: "issues",
  event: {
    issue: { number: 7, body, labels: [{ name: "new-client" }] },
    sender: { login: "ana" },
    repository: { default_branch: "main" },
    ...change,
  },
});

const bodyOf = ({ github }: RequestStage, method: string, path: string) =>
  github.requests.find((request) => request.method === method && request.path === path)?.body;

test("a form becomes a branch with one file and a pull request with its preview", async () => {
  const scene = await stage(may);
  const done = await scene.run("onboard.yml", opened(formText()));
  expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  expect(scene.github.writes()).toEqual([
    "DELETE /git/refs/heads/onboard/issue-7",
    "POST /git/refs",
    "PUT /contents/clients/bean-leaf.yaml",
    "POST /pulls",
  ]);
  expect(bodyOf(scene, "POST", "/git/refs")).toEqual({ ref: "refs/heads/onboard/issue-7", sha: "f".repeat(40) });
  const { content, branch } = bodyOf(scene, "PUT", "/contents/clients/bean-leaf.yaml") ?? {};
  expect(branch).toBe("onboard/issue-7");
  const file = parse(Buffer.from(String(content), "base64").toString("utf8"));
  expect(file).toMatchObject({ name: "Bean & Leaf", status: "rehearsal" });
  const { body, ...pull } = bodyOf(scene, "POST", "/pulls") ?? {};
  expect(pull).toEqual({ title: "New client: bean-leaf", head: "onboard/issue-7", base: "main" });
  expect(body).toContain("Closes #7.");
  expect(body).toContain("### Still missing");
  expect(body).toMatch(/^- The checks: .* Approve workflows to run .* close this pull request and reopen it\.$/m);
  expect(body).toContain("1 of 6 clients is touched: bean-leaf.");
  expect(body).toMatch(/> \*\*After: Bean & Leaf\*\* /);
});

test("hostile text reaches no shell, no command of the runner, no other file and no other field", async () => {
  const scene = await stage(may);
  const commands = `::set-output name=client::../../evil\n##[error]x\n$(touch ${scene.root}/reached)`;
  const text = `${hostile.join("\n")}\n${commands}`;
  for (const [index, attacks] of [hostile.slice(0, 4), hostile.slice(4, 8), hostile.slice(8)].entries()) {
    // A longer name would only be refused, and nothing of this would reach a file.
    const name = `N ${attacks.join(" ")} ##[error]x`;
    const answers = { name, voice: `V ${text}`, topics: `T ${text}`, language: "en" };
    scene.github.requests.length = 0;
    const done = await scene.run("onboard.yml", opened(formText({ ...answers, handle: `acme_${index}` })));
    expect(done.conclusion, failuresOf(done)).toBe("success");
    expect(existsSync(join(scene.root, "reached"))).toBe(false);
    for (const { log } of done.jobs.flatMap(({ steps }) => steps))
      expect(log).not.toMatch(/^\s*::(?!error |warning )|##\[/m);
    expect(scene.github.writes()).toEqual([
      "DELETE /git/refs/heads/onboard/issue-7",
      "POST /git/refs",
      `PUT /contents/clients/acme-${index}.yaml`,
      "POST /pulls",
    ]);
    const content = String(bodyOf(scene, "PUT", `/contents/clients/acme-${index}.yaml`)?.content);
    const file = parse(Buffer.from(content, "base64").toString("utf8"));
    expect(file).toMatchObject({
      status: "rehearsal",
      handle: `acme_${index}`,
      x_user_id: "2244994945",
      links: "deny",
    });
  }
});

test("a form that can't become a client is answered with the reasons, and nothing else is written", async () => {
  const scene = await stage(may);
  const done = await scene.run("onboard.yml", opened(formText({ timezone: "Berlin", voice: "x\n### Handle on X\ny" })));
  expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  expect(scene.github.writes()).toEqual(["POST /issues/7/comments"]);
  const { body } = bodyOf(scene, "POST", "/issues/7/comments") ?? {};
  expect(body).toContain("This form can't become a client yet.");
  expect(body).toContain('the heading "Handle on X" stands there 2 times');
});

test("a client that exists is not touched", async () => {
  const scene = await stage(may);
  await writeFile(join(scene.root, "clients/bean-leaf.yaml"), "name: somebody else\n");
  await scene.run("onboard.yml", opened(formText()));
  expect(scene.github.writes()).toEqual(["POST /issues/7/comments"]);
});

test.for([
  { who: "a stranger's issue", answers: { "GET /collaborators/ana/permission": { permission: "read" } }, event: {} },
  { who: "somebody GitHub does not know", answers: {}, event: {} },
])("$who waits for a person with write access", async ({ answers, event }) => {
  const scene = await stage(answers);
  const done = await scene.run("onboard.yml", opened(formText(), event));
  expect(done).toMatchObject({ conclusion: "success", results: { file: "skipped", request: "skipped" } });
  expect(scene.github.writes()).toEqual([]);
});

test.for([
  { comment: "/onboard", expected: "success" },
  { comment: "please /onboard", expected: "skipped" },
])("the comment «$comment» by somebody with write access: $expected", async ({ comment, expected }) => {
  const scene = await stage(may);
  const event = { ...opened(formText(), { comment: { body: comment } }), event_name: "issue_comment" };
  expect((await scene.run("onboard.yml", event)).results.request).toBe(expected);
});

test("a form without its label, as in a repository that has no such label yet, is taken all the same", async () => {
  const scene = await stage(may);
  const done = await scene.run(
    "onboard.yml",
    opened(formText(), { issue: { number: 7, body: formText(), labels: [] } }),
  );
  expect(done, failuresOf(done)).toMatchObject({ conclusion: "success" });
  expect(scene.github.writes()).toContain("POST /pulls");
});

test("other issues are left alone", async () => {
  const scene = await stage(may);
  const done = await scene.run("onboard.yml", opened("hello", { issue: { number: 7, body: "hello", labels: [] } }));
  expect(done.results).toEqual({ allowed: "skipped", file: "skipped", request: "skipped" });
});
