import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import { report } from "../../src/commands/report.ts";
import { isServed, readShard } from "../../src/due/shards.ts";
import { maxReportBytes } from "../../src/record/read-report.ts";
import type { SlotResult } from "../../src/record/report.ts";
import { actionsHost } from "../../src/vendors/actions.ts";
import { openLog } from "../../src/vendors/log.ts";
import { slotResult } from "../record/examples.ts";
import { shardReport } from "../record/shard-reports.ts";
import { createWorkspace, type TestWorkspace } from "../support/workspace.ts";

const shards = ["00000000-7fffffff", "80000000-ffffffff"] as const;
const [low, high] = shards;

let workspace: TestWorkspace;
let written: string;

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.addClient("acme");
  await mkdir(join(workspace.root, "reports"));
  written = "";
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await workspace.remove();
});

const path = (name: string) => join(workspace.root, name);

/** A client whose hash lies in the shard. */
function clientOf(shard: string): string {
  const found = ["acme", "bolt", "cora", "dora", "echo"].find((id) => isServed(readShard(shard), id));
  return found ?? "none";
}

async function leave(shard: string, change: Partial<SlotResult> = {}, name = `reports/report-${shard}.json`) {
  const client = clientOf(shard);
  const slots = [slotResult({ slot: `${client}/2026-11-21T09:00`, client, ...change })];
  await writeFile(path(name), JSON.stringify(shardReport({ shard, slots })));
}

function merge(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return report({
    arguments: parseArguments(["report", "--root", workspace.root, ...words]),
    environment,
    stateDirectory: path(".clara"),
    migrationsDirectory: "",
    clock: () => new Date("2026-11-21T09:04:00Z"),
    log: openLog({ stream: { write: () => true } }),
    host: actionsHost(environment, { write: () => true }),
    write: (text) => {
      written += text;
    },
    stopping: new AbortController().signal,
  });
}

const expected = ["--shards", JSON.stringify(shards)];
const folder = () => path("reports");

test("the reports of all shards become one report, and nothing needs a person", async () => {
  for (const shard of shards) await leave(shard);
  expect(await merge([...expected, "--json", folder()])).toBe(0);
  expect(JSON.parse(written)).toMatchObject({ totals: { posted: 2 }, notes: [expect.stringMatching(/^Merged from/)] });
});

test("in Actions there is one summary, and the outputs of a tick", async () => {
  const environment: Record<string, string> = {
    ...{ GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "17", GITHUB_RUN_ATTEMPT: "2", GITHUB_SHA: "c0ffee" },
    ...{ GITHUB_STEP_SUMMARY: path("summary"), GITHUB_OUTPUT: path("output") },
  };
  for (const name of ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"]) {
    await writeFile(environment[name] ?? "", "");
    // The toolkit reads the process's own environment.
    vi.stubEnv(name, environment[name]);
  }
  for (const shard of shards) await leave(shard);
  expect(await merge([...expected, folder()], environment)).toBe(0);
  const summary = await readFile(path("summary"), "utf8");
  expect(summary).toMatch(/^✅ 2 posted/);
  expect(summary).toContain("Run 17-2 of commit c0ffee");
  expect(await readFile(path("output"), "utf8")).toMatch(/^posted=2$/m);
});

test("a shard without a report is named, and the exit code is 1", async () => {
  await leave(low);
  expect(await merge([...expected, folder()])).toBe(1);
  expect(written).toMatch(/^❌ 1 of 2 shards left no report/);
  expect(written).toContain(`Shard ${high} left no report: its clients are picked up by the next tick.`);
});

test.for([[], ["--json"]])("without any report every shard is named, and nothing is called idle %j", async (words) => {
  expect(await merge([...expected, ...words, path("nothing")])).toBe(1);
  for (const shard of shards) expect(written).toContain(`Shard ${shard} left no report`);
  expect(written).not.toContain("Nothing was due");
});

test.for([
  { what: "a dead letter", change: { outcome: "dead" as const, reason: "suspended" } },
  {
    what: "a slot that waits for the configuration",
    change: { outcome: "deferred" as const, cause: "config" as const },
  },
])("the exit code is 1 for $what, as that of run", async ({ change }) => {
  await leave(low);
  await leave(high, change);
  expect(await merge([...expected, folder()])).toBe(1);
});

test("a file of the workspace that is wrong is told here, once, and the exit code is 1", async () => {
  await workspace.addClient("beta", { timezone: "Mars" });
  for (const shard of shards) await leave(shard);
  expect(await merge([...expected, folder()])).toBe(1);
  expect(written).toContain("clients/beta.yaml");
});

const strange: { what: string; leaveIt: () => Promise<void>; reason: string }[] = [
  {
    what: "broken JSON",
    leaveIt: () => writeFile(path(`reports/report-${high}.json`), '{"run":'),
    reason: "it is not JSON",
  },
  {
    what: "a file that is too large",
    leaveIt: () => writeFile(path(`reports/report-${high}.json`), Buffer.alloc(maxReportBytes + 1, 32)),
    reason: "it is no file of at most",
  },
  {
    what: "a folder in a file's place",
    leaveIt: async () => void (await mkdir(path(`reports/report-${high}.json`))),
    reason: "it is no file of at most",
  },
  {
    what: "a report of a shard that was not started",
    leaveIt: () =>
      writeFile(path(`reports/report-${high}.json`), JSON.stringify(shardReport({ shard: "00000000-ffffffff" }))),
    reason: "its shard was not started by this run",
  },
  {
    what: "a report of no shard",
    leaveIt: () => writeFile(path(`reports/report-${high}.json`), JSON.stringify(shardReport({}))),
    reason: "it is not of a shard",
  },
  {
    what: "a second report of a shard",
    leaveIt: () => leave(low, {}, `reports/report-${high}.json`),
    reason: "its shard has another report",
  },
  {
    what: "a report about another shard's clients",
    leaveIt: () => {
      const client = clientOf(low);
      const slots = [slotResult({ slot: `${client}/2026-11-21T09:00`, client })];
      return writeFile(path(`reports/report-${high}.json`), JSON.stringify(shardReport({ shard: high, slots })));
    },
    reason: "it names clients of another shard",
  },
];

test.for(strange)(
  "$what is left out, with the reason, and the others are still merged",
  async ({ leaveIt, reason }) => {
    await leave(low);
    await leaveIt();
    expect(await merge([...expected, "--json", folder()])).toBe(1);
    const { totals, notes } = JSON.parse(written);
    expect(totals.posted).toBe(1);
    expect(notes[0]).toContain(`The file report-${high}.json was left out: ${reason}`);
    expect(notes[1]).toBe(`Shard ${high} left no report: its clients are picked up by the next tick.`);
  },
);

test("files named by a person are merged without a list of shards", async () => {
  for (const shard of shards) await leave(shard);
  const files = shards.map((shard) => path(`reports/report-${shard}.json`));
  expect(await merge(["--json", ...files])).toBe(0);
  expect(JSON.parse(written).totals.posted).toBe(2);
});

test("nothing to merge is wrong usage, as are 301 files", async () => {
  await expect(merge([folder()])).rejects.toMatchObject({ exitCode: 2 });
  for (let n = 0; n < 301; n += 1) await writeFile(path(`reports/${n}.json`), "");
  await expect(merge([folder()])).rejects.toMatchObject({ exitCode: 2 });
});

test.for(["", "{}", "[1]", '["all"]', '"00000000-ffffffff"', "[", '["00000000-ffffffff"'])(
  "the list of shards %j is wrong usage",
  async (text) => {
    await expect(merge([`--shards=${text}`, folder()])).rejects.toMatchObject({ exitCode: 2 });
  },
);
