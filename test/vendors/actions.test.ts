import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Problem } from "../../src/terms.ts";
import { type ActionsHost, actionsHost, command, commitAndRunFromEnv } from "../../src/vendors/actions.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "clara-actions-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

function open(env: Record<string, string> = {}): { host: ActionsHost; lines: () => string[] } {
  const written: string[] = [];
  const host = actionsHost({ GITHUB_ACTIONS: "true", ...env }, { write: (text) => written.push(text) });
  if (host === undefined) throw new Error("no host in Actions");
  return { host, lines: () => written.join("").split("\n").slice(0, -1) };
}

const problem: Problem = {
  file: "clients/acme.yaml",
  line: 12,
  column: 5,
  message: "unknown field vocie",
  hint: "did you mean voice?",
  severity: "error",
};
const problems = (count: number, severity: Problem["severity"]) =>
  Array.from({ length: count }, (_, index) => ({ ...problem, line: index + 1, severity }));

test.for([{}, { GITHUB_ACTIONS: "false" }, { CI: "true" }])("with %o there is no runner to tell anything", (env) => {
  expect(actionsHost(env, { write: () => undefined })).toBeUndefined();
  expect(commitAndRunFromEnv({ ...env, GITHUB_RUN_ID: "1", GITHUB_RUN_ATTEMPT: "1", GITHUB_SHA: "a" })).toBeUndefined();
});

test("a problem is shown at its line and column, with what to write instead", () => {
  const { host, lines } = open();
  host.annotate([problem, { ...problem, severity: "warning", hint: "" }]);
  expect(lines()).toEqual([
    "::error file=clients/acme.yaml,line=12,col=5::unknown field vocie (did you mean voice?)",
    "::warning file=clients/acme.yaml,line=12,col=5::unknown field vocie",
  ]);
});

test("errors come first, then by file, line and column", () => {
  const { host, lines } = open();
  host.annotate([
    { ...problem, severity: "warning", line: 1 },
    { ...problem, file: "clients/b.yaml", line: 1 },
    { ...problem, line: 12, column: 9 },
    { ...problem, line: 12, column: 2 },
    { ...problem, line: 3 },
  ]);
  expect(lines().map((line) => line.replace(/::unknown.*/, ""))).toEqual([
    "::error file=clients/acme.yaml,line=3,col=5",
    "::error file=clients/acme.yaml,line=12,col=2",
    "::error file=clients/acme.yaml,line=12,col=9",
    "::error file=clients/b.yaml,line=1,col=5",
    "::warning file=clients/acme.yaml,line=1,col=5",
  ]);
});

test.for([
  { count: 0, shown: 0, note: undefined },
  { count: 10, shown: 10, note: undefined },
  { count: 11, shown: 9, note: "and 2 more, see the summary" },
  { count: 500, shown: 9, note: "and 491 more, see the summary" },
])("of $count errors $shown are shown", ({ count, shown, note }) => {
  const { host, lines } = open();
  host.annotate([...problems(count, "error"), ...problems(3, "warning")]);
  const errors = lines().filter((line) => line.startsWith("::error"));
  expect(errors.filter((line) => line.includes("line="))).toHaveLength(shown);
  expect(errors.find((line) => line.includes("see the summary"))).toBe(
    note === undefined ? undefined : `::error::${note}`,
  );
  expect(lines().filter((line) => line.startsWith("::warning"))).toHaveLength(3);
});

test("a message longer than the runner takes is cut", () => {
  const { host, lines } = open();
  host.annotate([{ ...problem, message: "x".repeat(9000) }]);
  expect(lines()[0]?.replace(/^.*::/, "")).toHaveLength(4000);
});

test("whatever a problem says, it stays one command about its own file", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\n::add-mask::b", "x::error::", "%0A::y::", "a,line=1", "##[error]z"),
  );
  fc.assert(
    fc.property(hostile, hostile, (message, file) => {
      const { host, lines } = open();
      host.annotate([{ ...problem, message, file }]);
      expect(lines()).toHaveLength(1);
      expect(lines()[0]).toMatch(/^::error file=[^:,]*,line=12,col=5::/);
      expect(lines()[0]).not.toContain("\r");
    }),
  );
});

test.for([
  { secret: "12345678", masked: ["::add-mask::12345678"] },
  { secret: "1234567", masked: [] },
  { secret: "", masked: [] },
  { secret: "first line\nsecond%line", masked: ["::add-mask::first line%0Asecond%25line"] },
])("the secret $secret is masked as $masked", ({ secret, masked }) => {
  const { host, lines } = open();
  host.mask(secret);
  expect(lines()).toEqual(masked);
});

test("outputs are written to the runner's file, a line break or a forged delimiter included", async () => {
  const file = join(directory, "output");
  await writeFile(file, "");
  vi.stubEnv("GITHUB_OUTPUT", file);
  const { host, lines } = open({ GITHUB_OUTPUT: file });
  await host.setOutputs({ posted: 3, ok: true, text: "one\nposted=99\nEOF" });
  const written = await readFile(file, "utf8");
  expect(written).toMatch(/^posted=3\nok=true\ntext<<(ghadelimiter_\S+)\none\nposted=99\nEOF\n\1\n$/);
  expect(lines()).toEqual([]);
});

test("without the runner's files, outputs and summary go nowhere", async () => {
  const { host, lines } = open();
  await host.setOutputs({ posted: 3 });
  await host.writeSummary("# Run");
  expect(lines()).toEqual([]);
});

test("the summary is added to what the step has written", async () => {
  const file = join(directory, "summary.md");
  await writeFile(file, "before\n");
  const { host } = open({ GITHUB_STEP_SUMMARY: file });
  await host.writeSummary("# Run\n");
  expect(await readFile(file, "utf8")).toBe("before\n# Run\n");
});

test.for([
  { what: "exactly 1 MiB", markdown: "é".repeat(512 * 1024), cut: false },
  { what: "one byte more", markdown: `${"line é\n".repeat(131_072)}x`, cut: true },
  { what: "10 MiB in one line", markdown: "é".repeat(5 * 1024 * 1024), cut: true },
])("a summary of $what stays within the runner's limit: cut is $cut", async ({ markdown, cut }) => {
  const file = join(directory, "summary.md");
  const { host } = open({ GITHUB_STEP_SUMMARY: file });
  await host.writeSummary(markdown);
  const written = await readFile(file, "utf8");
  expect(Buffer.byteLength(written)).toBeLessThanOrEqual(1024 * 1024);
  expect(written.includes("cut here")).toBe(cut);
  expect(written).not.toContain("\ufffd");
  expect(markdown.startsWith(written.split("\n\nThe summary was cut")[0] ?? "?")).toBe(true);
});

test("a re-run of a run is another run, of the commit that the workflow checked out, else of the trigger's", () => {
  const env = { GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "42", GITHUB_RUN_ATTEMPT: "2", GITHUB_SHA: "abc" };
  expect(commitAndRunFromEnv(env)).toEqual({ id: "42-2", commit: "abc" });
  expect(commitAndRunFromEnv({ ...env, CLARA_COMMIT: "" })).toEqual({ id: "42-2", commit: "abc" });
  expect(commitAndRunFromEnv({ ...env, CLARA_COMMIT: "tip" })).toEqual({ id: "42-2", commit: "tip" });
});

test.for(["GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_SHA"])("without %s the run isn't known", (name) => {
  const env = { GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "42", GITHUB_RUN_ATTEMPT: "2", GITHUB_SHA: "abc", [name]: "" };
  expect(commitAndRunFromEnv(env)).toBeUndefined();
});

test("a command without properties has no space before its message", () => {
  expect(command("group", {}, "acme")).toBe("::group::acme");
});
