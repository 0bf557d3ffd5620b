import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { calm, presets } from "../../src/simulate/faults.ts";
import { readFaults } from "../../src/simulate/read-faults.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-faults-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(yaml: string): Promise<string> {
  const path = join(folder, "faults.yaml");
  await writeFile(path, yaml);
  return path;
}

test.for(Object.entries(presets))("%s is a preset, and a file could say the same", async ([name, preset]) => {
  expect(await readFaults(name)).toBe(preset);
  expect(await readFaults(await fileWith(JSON.stringify(preset)))).toEqual(preset);
});

test("what a file leaves out never happens", async () => {
  const path = await fileWith("crashes: 0.5\nticks: { dropped: 0.2 }\nx:\n  lost: 0.1\n");
  const { ticks, x } = calm;
  expect(await readFaults(path)).toEqual({
    ...calm,
    crashes: 0.5,
    ticks: { ...ticks, dropped: 0.2 },
    x: { ...x, lost: 0.1 },
  });
});

test.for([
  { yaml: "crashs: 0.5", says: /faults\.yaml:1:1 unknown field "crashs" \(write "crashes"\)/ },
  { yaml: "x:\n  lost: 5\n", says: /faults\.yaml:2:9 x\.lost must be a chance from 0 to 1; it is 5/ },
  { yaml: "ticks:\n  minutes: [7, 99]", says: /:2:16 ticks\.minutes\[1\] must be a minute from 0 to 59/ },
  { yaml: "x: { storms: { daily: 1 } }", says: /missing field in x\.storms: minutes/ },
  {
    yaml: "ledger:\n  gone: { daily: 1, minutes: [60, 30] }",
    says: /:2:\d+ ledger\.gone\.minutes goes down from 60 to 30 \(write \[30, 60\]\)/,
  },
  {
    yaml: "x: { credit: { daily: 1, minutes: [60, 30] } }",
    says: /x\.credit\.minutes goes down from 60 to 30 \(write \[30, 60\]\)/,
  },
  { yaml: "budgets: { clients: 2 }", says: /budgets\.clients must be a part from 0 to 1; it is 2/ },
  { yaml: "ticks: [", says: /faults\.yaml:\d+:\d+ / },
])("a mistake is told with its place and what to write: $yaml", async ({ yaml, says }) => {
  await expect(readFaults(await fileWith(yaml))).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(says),
  });
});

test("a name that is neither preset nor file is wrong usage, and the nearest preset is named", async () => {
  await expect(readFaults("strom")).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/storm\?/) });
  await expect(readFaults("nowhere/at/all.yaml")).rejects.toMatchObject({
    message: expect.stringMatching(/calm, github-2026, storm/),
  });
});
