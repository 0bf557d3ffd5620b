import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { problemLine, problemsIn, runValidate, type ValidateInput } from "../../src/commands/validate.ts";
import { UserError } from "../../src/errors.ts";
import type { Problem } from "../../src/terms.ts";
import { clientYaml, filesWith, workspaceWith } from "../clients/workspace.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clara-validate-"));
  for (const file of filesWith()) if ("bytes" in file) await put(file.path, file.bytes);
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

async function validate(input: Partial<ValidateInput> = {}): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await runValidate({ root, files: [], ...input }, { write: (line) => void lines.push(line) });
  return { code, lines };
}

const broken = clientYaml.replace("Europe/Berlin", "Europe/Berln").replace("17:30", "25:00");
const timeLine =
  'clients/acme.yaml:7:20 schedule.times[1] must be a local time from 00:00 to 23:59; it is "25:00" (write for example "09:00")';

test("a workspace without problems says so and exits with 0", async () => {
  expect(await validate()).toEqual({ code: 0, lines: ["0 errors, 0 warnings"] });
});

test("problems are printed by file and line, with the counts last, and exit with 1", async () => {
  await put("clients/acme.yaml", broken);
  await put("clients/Zoo.yaml", clientYaml);
  const { code, lines } = await validate();
  expect(code).toBe(1);
  expect(lines).toEqual([
    expect.stringContaining("clients/Zoo.yaml:1:1 the file name"),
    timeLine,
    "2 errors, 0 warnings",
  ]);
});

test("warnings are marked as such and exit with 0", async () => {
  await put("clients/acme.yaml", `${clientYaml}limits: { posts_per_day: 1 }\n`);
  const { code, lines } = await validate();
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^clients\/acme\.yaml:\d+:\d+ warning: the schedule owes 2 posts a day/);
  expect(lines.at(-1)).toBe("0 errors, 1 warning");
});

test("named files limit the report, from the root or from the current folder", async () => {
  await put("clients/acme.yaml", broken);
  await put("clients/beta.yaml", "name: [");
  expect(await validate({ files: ["clients/acme.yaml"] })).toEqual({
    code: 1,
    lines: [timeLine, "1 error, 0 warnings in 1 file"],
  });
  const fromHere = relative(process.cwd(), join(root, "clients/acme.yaml"));
  expect((await validate({ files: [fromHere] })).lines[0]).toBe(timeLine);
  expect((await validate({ files: [join(root, "clients/acme.yaml")] })).lines[0]).toBe(timeLine);
  expect(await validate({ files: ["prompts/quick-tip.prompt.yml", "clients/_prices.yaml"] })).toEqual({
    code: 0,
    lines: ["0 errors, 0 warnings in 2 files"],
  });
});

test("a named file and the root may be written by a link or without it", async () => {
  await put("clients/acme.yaml", broken);
  const link = `${root}-link`;
  await symlink(root, link);
  onTestFinished(() => rm(link));
  expect((await validate({ root: link, files: [join(root, "clients/acme.yaml")] })).lines[0]).toBe(timeLine);
  expect((await validate({ files: [join(link, "clients/acme.yaml")] })).lines[0]).toBe(timeLine);
});

test.for([
  "clients/nobody.yaml",
  "clients",
  "README.md",
  "../clients/acme.yaml",
  "/etc/passwd",
  "clients/x\u001b[31m.yaml",
])("%j is no file of the workspace: wrong usage", async (file) => {
  const validating = validate({ files: [file] });
  await expect(validating).rejects.toBeInstanceOf(UserError);
  await expect(validating).rejects.toMatchObject({ exitCode: 2 });
  await expect(validating).rejects.not.toThrow("\u001b");
});

test("with json there is one document", async () => {
  await put("clients/acme.yaml", broken);
  const { code, lines } = await validate({ json: true });
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    problems: [
      {
        file: "clients/acme.yaml",
        line: 7,
        column: 20,
        message: 'schedule.times[1] must be a local time from 00:00 to 23:59; it is "25:00"',
        hint: 'write for example "09:00"',
        severity: "error",
      },
    ],
    errors: 1,
    warnings: 0,
  });
});

test("a workspace at hand is used, and annotations get what is printed", async () => {
  const workspace = workspaceWith({ "clients/acme.yaml": broken });
  const annotated: Problem[] = [];
  const { lines } = await validate({ workspace, annotate: (problems) => annotated.push(...problems) });
  expect(annotated).toEqual(problemsIn(workspace, []));
  expect(lines[0]).toBe(timeLine);
});

test("problems come by file, then line, then column", () => {
  const at = (file: string, line: number, column: number): Problem => ({
    file,
    line,
    column,
    message: "m",
    hint: "h",
    severity: "error",
  });
  const sorted = [at("a", 1, 1), at("a", 2, 1), at("a", 2, 3), at("b", 1, 1)];
  const workspace = { ...workspaceWith(), problems: sorted.toReversed() };
  expect(problemsIn(workspace, [])).toEqual(sorted);
  expect(problemsIn(workspace, ["b"])).toEqual([at("b", 1, 1)]);
});

test.for([
  { name: "colour", text: "\u001b[31mred" },
  { name: "a new line with a command", text: "x\n::add-mask::x" },
  { name: "a carriage return", text: "x\r::error::x" },
  { name: "an old command", text: "##[error]x" },
  { name: "a text that turns around", text: "a\u202eb" },
  { name: "a line separator", text: "a\u2028::error::b" },
])("$name in a message reaches neither the terminal nor the runner", ({ text }) => {
  const line = problemLine({
    file: `clients/${text}.yaml`,
    line: 1,
    column: 1,
    message: text,
    hint: text,
    severity: "error",
  });
  expect(line).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
  expect(line).not.toContain("##[");
  expect(line).not.toMatch(/^\s*::/);
  expect(line).toMatch(/^clients\//);
});

test("what a file says in control characters arrives escaped", async () => {
  await put(
    "clients/acme.yaml",
    clientYaml.replace("Europe/Berlin", '"\\e[31mX\\n::error::"').replace("  - prompt", '  - "\\e]0;x": 1\n    prompt'),
  );
  const { lines } = await validate();
  expect(lines.join("")).not.toMatch(/\p{Cc}/u);
  expect(lines[0]).toContain("unknown field");
});

test("--fix mends what has one obvious repair, says where, and a second run has nothing to do", async () => {
  const text = `${clientYaml.replace("Europe/Berlin", "europe/berlin # home").replace("voice:", "vioce:")}# the end\n`;
  await put("clients/acme.yaml", text);
  await chmod(join(root, "clients/acme.yaml"), 0o640);
  expect(await validate({ fix: true })).toEqual({
    code: 0,
    lines: [
      'clients/acme.yaml:8:1 repaired: "vioce" is now "voice"',
      'clients/acme.yaml:4:11 repaired: timezone is now "Europe/Berlin"',
      "0 errors, 0 warnings",
    ],
  });
  const mended = `${clientYaml.replace("Europe/Berlin", "Europe/Berlin # home")}# the end\n`;
  expect(await readFile(join(root, "clients/acme.yaml"), "utf8")).toBe(mended);
  expect((await stat(join(root, "clients/acme.yaml"))).mode & 0o777).toBe(0o640);
  expect(await readdir(join(root, "clients"))).toEqual(["_defaults.yaml", "_prices.yaml", "acme.yaml"]);
  expect(await validate({ fix: true })).toEqual({ code: 0, lines: ["0 errors, 0 warnings"] });
});

test("--fix keeps a byte order mark and leaves files that were not named, and what needs a person", async () => {
  await put(
    "clients/acme.yaml",
    `\ufeff${clientYaml.replace("voice:", "vioce:").replace("Europe/Berlin", "Europe/Munich")}`,
  );
  await put("clients/beta.yaml", clientYaml.replace("acme_coffee", "@beta"));
  const { code, lines } = await validate({ fix: true, files: ["clients/acme.yaml"] });
  expect(code).toBe(1);
  expect(lines).toEqual([
    'clients/acme.yaml:8:1 repaired: "vioce" is now "voice"',
    expect.stringContaining('clients/acme.yaml:4:11 "Europe/Munich" is not a time zone'),
    "1 error, 0 warnings in 1 file",
  ]);
  expect(await readFile(join(root, "clients/acme.yaml"), "utf8")).toMatch(/^\ufeffname: Acme/);
  expect(await readFile(join(root, "clients/beta.yaml"), "utf8")).toContain("handle: @beta");
});

test("without --fix nothing is written, and what it would mend is named", async () => {
  const text = clientYaml.replace('["09:00", "17:30"]', '["17:30", "09:00"]').replace("voice:", "vioce:");
  await put("clients/acme.yaml", text);
  const { lines } = await validate();
  expect(lines).toEqual([
    "clients/acme.yaml:7:10 note: schedule.times is in order after a repair (`validate --fix` repairs this)",
    'clients/acme.yaml:8:1 unknown field "vioce" (write "voice"; `validate --fix` repairs this)',
    "1 error, 0 warnings",
  ]);
  expect(await readFile(join(root, "clients/acme.yaml"), "utf8")).toBe(text);
  const { lines: json } = await validate({ json: true });
  expect(JSON.parse(json[0] ?? "")).toMatchObject({ errors: 1, repairs: [{ line: 8 }, { line: 7, column: 10 }] });
});

test("--fix follows a link inside the workspace and leaves it a link", async () => {
  await put("clients/real.txt", clientYaml.replace("voice:", "vioce:"));
  await rm(join(root, "clients/acme.yaml"));
  await symlink("real.txt", join(root, "clients/acme.yaml"));
  expect((await validate({ fix: true })).code).toBe(0);
  expect((await lstat(join(root, "clients/acme.yaml"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(root, "clients/real.txt"), "utf8")).toBe(clientYaml);
});
