import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assembleWorkspace } from "../../src/clients/assemble.ts";
import { problemLine, runValidate } from "../../src/commands/validate.ts";
import type { Problem } from "../../src/terms.ts";
import { actionsHost } from "../../src/vendors/actions.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { type HostileFile, hostileFiles, readShipped } from "./corpus.ts";
import { largestFiles } from "./corpus-attacks.ts";
import { filesWith } from "./workspace.ts";

const seed = 20261121;
const count = 5000;
const slowestMs = 1000;

/** What a terminal or the runner would take for more than text. */
const unsafe = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]|##\[|^\s*::/u;

interface Checked {
  problems: readonly Problem[];
  lines: readonly string[];
  annotations: readonly string[];
  /** Of this thread alone: others may be at work on the machine. */
  milliseconds: number;
}

/** Checks one file with three good ones around it, prints what is wrong with it, and returns how long both took. */
function check(file: HostileFile): Checked {
  const startedMs = cpuMs();
  const { problems } = assembleWorkspace(filesWith({ [file.path]: file.bytes }));
  const lines = problems.map(problemLine);
  let annotations = "";
  actionsHost({ GITHUB_ACTIONS: "true" }, { write: (text) => (annotations += text) })?.annotate(problems);
  const milliseconds = cpuMs() - startedMs;
  return { problems, lines, annotations: annotations.split("\n"), milliseconds };
}

/** What is wrong with the way in which the problems of a file are told. */
function complaints(file: HostileFile, { problems, lines, annotations }: Checked): string[] {
  const text = new TextDecoder().decode(file.bytes).split("\n");
  const misplaced = problems.filter(({ file: path, line, column }) => {
    if (path !== file.path) return false;
    const length = text[line - 1]?.length ?? -1;
    return line < 1 || column < 1 || column > length + 1;
  });
  const unclear = problems.filter(
    ({ message, hint }) => /undefined|\[object/.test(`${message} ${hint}`) || hint === "",
  );
  // The runner takes a whole line that starts with a command as that one.
  const strange = annotations.filter(
    (line) => !/^$|^::(error|warning)( file=[^\p{Cc}]*)?::[^\p{Cc}\p{Bidi_Control}]*$/u.test(line),
  );
  const told = [...misplaced, ...unclear].map((problem) => JSON.stringify(problem));
  return [...told, ...lines.filter((line) => unsafe.test(line)), ...strange].map(
    (what) => `${file.how} in ${file.path}: ${what}`,
  );
}

/** Every file in turn; fails with what is wrong, and with the slowest one when it is too slow. */
function checkAll(files: readonly HostileFile[]): readonly { milliseconds: number; told: boolean }[] {
  const seen = files.map((file) => {
    const checked = check(file);
    const { milliseconds, problems } = checked;
    return { file, milliseconds, told: problems.length > 0, complaints: complaints(file, checked) };
  });
  expect(seen.flatMap((one) => one.complaints).slice(0, 5)).toEqual([]);
  const [slowest] = seen.toSorted((one, other) => other.milliseconds - one.milliseconds);
  const what = `${slowest?.file.how} in ${slowest?.file.path}, ${slowest?.file.bytes.length} bytes`;
  expect(slowest?.milliseconds, `the slowest file: ${what}`).toBeLessThan(slowestMs);
  return seen;
}

const patient = { timeout: 600_000 };

test(
  "5,000 hostile files crash nothing, take less than a second each, and every problem stands in its file",
  patient,
  async () => {
    const seen = checkAll(hostileFiles(await readShipped(), { seed, count }));
    expect(seen).toHaveLength(count);
    // A corpus that is mostly fine would prove little; one that is all broken never gets behind the parser.
    const told = seen.filter((one) => one.told).length;
    expect(told).toBeGreaterThan(count * 0.7);
    expect(told).toBeLessThan(count * 0.98);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  },
);

test("the largest files that are read, nothing but attacks, take less than a second each", patient, () => {
  checkAll(largestFiles());
});

test("from the disk, the command tells their problems line by line, in words and as JSON", patient, async () => {
  const root = await mkdtemp(join(tmpdir(), "clara-corpus-"));
  try {
    for (const folder of ["clients", "prompts"]) await mkdir(join(root, folder));
    for (const file of filesWith()) if ("bytes" in file) await writeFile(join(root, file.path), file.bytes);
    const hostile = hostileFiles(await readShipped(), { seed: seed + 1, count: 150 });
    for (const [index, { path, bytes }] of hostile.entries()) {
      const name = path.startsWith("clients/")
        ? `clients/hostile-${index}.yaml`
        : `prompts/hostile-${index}.prompt.yml`;
      await writeFile(join(root, name), bytes);
    }
    const lines: string[] = [];
    expect(await runValidate({ root, files: [] }, { write: (line) => lines.push(line) })).toBe(1);
    expect(lines.filter((line) => /^[\w./-]+:\d+:\d+ /.test(line))).toHaveLength(lines.length - 1);
    expect(lines.filter((line) => unsafe.test(line))).toEqual([]);
    const json: string[] = [];
    await runValidate({ root, files: [], json: true }, { write: (line) => json.push(line) });
    expect(JSON.parse(json.join("")).problems).toHaveLength(lines.length - 1);
    expect(json.join("")).not.toMatch(/##\[|\n/);
  } finally {
    await rm(root, { recursive: true });
  }
});
