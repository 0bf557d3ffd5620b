import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PreviewDocument } from "../../src/preview/document.ts";
import { runCli } from "../support/cli.ts";

const shipped = join(import.meta.dirname, "../..");
const now = ["--now", "2026-10-20T08:00:00Z"];
const prompt = "prompts/plain-opinion.prompt.yml";
let root: string;

const git = (...args: string[]) => promisify(execFile)("git", ["-C", root, ...args]);
const read = (file: string) => readFile(join(root, file), "utf8");
const edit = async (file: string, change: (text: string) => string) =>
  writeFile(join(root, file), change(await read(file)));
const preview = (...args: string[]) => runCli(["preview", "--root", root, ...now, ...args]);
const previewJson = async (...args: string[]) => {
  const { stdout, stderr } = await preview("--json", ...args);
  if (!stdout.startsWith("{")) throw new Error(stderr);
  return JSON.parse(stdout) as PreviewDocument;
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clara-preview-"));
  for (const folder of ["clients", "prompts", "schemas"]) {
    await cp(join(shipped, folder), join(root, folder), { recursive: true });
  }
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", ".");
  await git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "base");
});
afterEach(() => rm(root, { recursive: true }));

const longerPrompt = (text: string) =>
  text
    .replace('version: "1.0.0"', 'version: "1.1.0"')
    .replace(
      "Write the post.",
      `Write the post. ${"Weigh every word of it twice, and keep only what earns its place. ".repeat(40)}`,
    );

describe("a branch that edits a prompt used by two of five clients", () => {
  beforeEach(() => edit(prompt, longerPrompt));

  test("names exactly those two, shows base beside head, and the change of price", async () => {
    const document = await previewJson("--base", "HEAD");
    expect(document.clients.map(({ id, because }) => [id, because])).toEqual([
      ["paperlane", [prompt]],
      ["tidewater", [prompt]],
    ]);
    expect(document).toMatchObject({ untouched: 3, problems: [], writer: "sandbox" });
    // The files are not committed, and a run of them would say so by the same sign.
    expect(document.head).toBe(`${document.base}+`);
    for (const { changes, samples, cost } of document.clients) {
      expect(changes[0]).toEqual({ what: "prompt plain-opinion: version", before: "1.0.0", after: "1.1.0" });
      expect(samples).toHaveLength(3);
      const written = samples.flatMap(({ before, after }) => [before, after]);
      expect(written.map((sample) => sample && "text" in sample && sample.weightedLength > 0)).toEqual(
        Array(6).fill(true),
      );
      const topics = samples.map(({ before, after }) =>
        [before, after].map((side) => side && "topic" in side && side.topic),
      );
      for (const [before, after] of topics) expect(before).toBe(after);
      expect(cost.before?.posts).toBe(cost.after?.posts);
    }
    const [paperlane] = document.clients;
    const sides = paperlane?.samples.flatMap(({ before, after }) => [before, after]) ?? [];
    const made = sides.map((side) => side && "prompt" in side && `${side.prompt} ${side.promptVersion}`);
    expect(made).toEqual(Array(3).fill(["plain-opinion 1.0.0", "plain-opinion 1.1.0"]).flat());
    expect(paperlane?.cost.after?.modelUsd).toBeGreaterThan(paperlane?.cost.before?.modelUsd ?? Infinity);
  });

  test("is told in words, with the day when the clocks change", async () => {
    const { stdout, code } = await preview("--base", "HEAD", "--client", "paperlane", "--samples", "1");
    expect(code).toBe(0);
    expect(stdout).toContain("1 of 5 clients is touched: paperlane.");
    expect(stdout).toContain("prompt plain-opinion: version: 1.0.0 → 1.1.0");
    expect(stdout).toContain("2026-11-01: ⏰ clocks go back 1 h");
    expect(stdout).toMatch(/30 days before: 90 posts, model \$0\.\d+, X \$1\.35 to \$3\.01/);
    expect(stdout).toContain("the sandbox's writer");
  });

  test("is a problem at its line when the published version keeps its number", async () => {
    await edit(prompt, (text) => text.replace('version: "1.1.0"', 'version: "1.0.0"'));
    const { stdout, code } = await preview("--base", "HEAD", "--samples", "0");
    expect(code).toBe(1);
    expect(stdout).toContain(`${prompt}:8:10 this prompt was published as version 1.0.0 with another text`);
  });
});

test("the document and the comment are written for other jobs; shown again, it says who computed it", async () => {
  await edit("clients/brotzeit.yaml", (text) => text.replace("06:30", "06:45"));
  const [first, second] = [join(root, "out"), join(root, "again")];
  await preview("--base", "HEAD", "--samples", "1", "--out", first);
  const { stdout } = await preview("--from", join(first, "preview.json"), "--out", second);
  const comment = await readFile(join(first, "comment.md"), "utf8");
  expect(comment).toMatch(/^<!-- clara-preview -->\n\n### Preview\n/);
  expect(comment).toMatch(/Base ([0-9a-f]{9}), head \1\+\./);
  expect(comment).toContain("| schedule.times | 06:30, 16:15 | 06:45, 16:15 |");
  const warning = "⚠️ Computed by the pull request's own code: the diff decides.";
  expect(comment).not.toContain(warning);
  expect(stdout.split("\n")[0]).toBe(warning);
  const again = comment.replace("### Preview\n", `### Preview\n\n${warning}\n`);
  expect(await readFile(join(second, "comment.md"), "utf8")).toBe(again);
});

test("a client whose file name is no id is named by a preview that is shown again", async () => {
  await writeFile(join(root, "clients/Beta One-.yaml"), await read("clients/brotzeit.yaml"));
  const out = join(root, "out");
  await preview("--base", "HEAD", "--samples", "0", "--out", out);
  const { stdout } = await preview("--from", join(out, "preview.json"));
  expect(stdout).toContain('clients/Beta One-.yaml:1:1 the file name "Beta One-" is not an id');
  expect(stdout).toContain("Beta One-: broken by clients/Beta One-.yaml");
});

test.for([
  { given: "not JSON", text: "{", says: "is not JSON" },
  { given: "of another form", text: '{"format":1,"clients":[{"id":"../x"}]}', says: "not of the form" },
])("a document that is $given is refused", async ({ text, says }) => {
  await writeFile(join(root, "preview.json"), text);
  const { code, stderr } = await preview("--from", join(root, "preview.json"));
  expect(code).toBe(1);
  expect(stderr).toContain(says);
});

test.for([
  { args: [], says: "preview needs --base REF" },
  { args: ["--from", "nowhere.json"], says: "nowhere.json cannot be read (ENOENT)" },
  { args: ["--base", "nowhere"], says: "nowhere is no revision of the Git repository" },
  { args: ["--base=--output=x"], says: "--output=x is no revision" },
  { args: ["--base", "HEAD", "--samples", "many"], says: "--samples needs a whole number from 0 to 10" },
  { args: ["--base", "HEAD", "--client", "nobody"], says: "there is no client nobody" },
])("preview $args is refused with words", async ({ args, says }) => {
  const { code, stderr } = await preview(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(says);
});
