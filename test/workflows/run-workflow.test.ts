import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isServed, readShard } from "../../src/due/shards.ts";
import type { WorkflowRun } from "../support/workflow-run.ts";
import { failuresOf, realNpm, runStages } from "./run-stage.ts";

/** The workflow file itself: its scripts in bash, its expressions by GitHub's own evaluator, and real processes. */
const stage = runStages();

const vars = { CLARA_SLOTS_PER_JOB: "3" };
const once = (clients: readonly { id: string }[]) => Object.fromEntries(clients.map(({ id }) => [id, 1]));
const summaries = ({ jobs }: WorkflowRun) => jobs.filter(({ summary }) => summary !== "").map(({ id }) => id);

test("an idle tick is one job", async () => {
  const { run, services } = await stage({ clients: 4, change: { schedule: { days: "daily", times: ["15:00"] } } });
  const done = await run({ vars });
  expect(done, failuresOf(done)).toMatchObject({
    conclusion: "success",
    results: { tick: "success", shard: "skipped", report: "skipped" },
  });
  expect(done.jobs.map(({ id, outputs }) => [id, outputs])).toEqual([["tick", { shards: "[]" }]]);
  expect(done.jobs[0]?.summary).toMatch(/^💤 Nothing was due/);
  expect(services.x.posts()).toEqual([]);
});

test("small work is posted by the first job, which asks the ledger nothing more than without shards", async () => {
  const { run, services, clients, postsPerClient } = await stage({ clients: 3 });
  const done = await run({ vars });
  expect(done, failuresOf(done)).toMatchObject({
    conclusion: "success",
    results: { shard: "skipped", report: "skipped" },
  });
  expect(postsPerClient()).toEqual(once(clients));
  expect(done.jobs[0]?.summary).toMatch(/^✅ 3 posted/);
  expect(services.ledger.calls()).not.toContain("read_tick");
});

test("large work is posted by shards at the same time, each slot once, with one summary", async () => {
  const { run, clients, postsPerClient } = await stage({ clients: 9 });
  const done = await run({ vars });
  expect(done, failuresOf(done)).toMatchObject({
    conclusion: "success",
    results: { tick: "success", shard: "success", report: "success" },
  });
  expect(done.jobs.map(({ id }) => id).sort()).toEqual(["report", "shard", "shard", "shard", "tick"]);
  expect(done.parallel).toBe(3);
  expect(postsPerClient()).toEqual(once(clients));
  expect(summaries(done)).toEqual(["report"]);
  const { summary = "" } = done.jobs.at(-1) ?? {};
  expect(summary).toMatch(/^✅ 9 posted/);
  expect(summary.match(/Merged from .*/)?.[0].match(/1001-1-[0-9a-f]{8}-[0-9a-f]{8}/g)).toHaveLength(3);
});

test("a shard that is killed is named, the others finish, and the next tick picks its clients up", async () => {
  const { run, clients, services, postsPerClient } = await stage({ clients: 9 });
  const kills = new Map<string, () => void>();
  let victim: string | undefined;
  services.faults.x = ({ method, path, account }) => {
    if (method !== "POST" || path !== "/2/tweets" || victim !== undefined) return undefined;
    const client = clients.find(({ xUserId }) => xUserId === account)?.id ?? "";
    victim = [...kills.keys()].find((shard) => isServed(readShard(shard), client));
    if (victim !== undefined) kills.get(victim)?.();
    // The post is created, and nobody is left to hear of it.
    return undefined;
  };
  const done = await run({ vars, onStart: (_, { shard }, kill) => shard && kills.set(shard, kill) });
  expect(done, failuresOf(done)).toMatchObject({
    conclusion: "failure",
    results: { tick: "success", shard: "failure", report: "failure" },
  });
  const shards = done.jobs.filter(({ id }) => id === "shard");
  expect(shards.filter(({ result }) => result === "failure").map(({ matrix }) => matrix.shard)).toEqual([victim]);
  const { summary = "" } = done.jobs.at(-1) ?? {};
  expect(summary).toMatch(/^❌ 1 of 3 shards left no report/);
  expect(summary).toContain(`Shard ${victim} left no report: its clients are picked up by the next tick.`);
  expect(summary).toContain("✅ 6 posted");
  expect(Object.values(postsPerClient()).reduce((sum, posts) => sum + posts, 0)).toBeLessThan(10);

  const states = () => services.sql("select state, count(*)::int as slots from clara.slot group by state");
  // A send that had not arrived is looked for twice before it is repeated: at most three ticks.
  for (let ticks = 0; ticks < 3 && (await states()).length > 1; ticks += 1) {
    const next = await run({ vars, minutesLater: 11 });
    expect(next, failuresOf(next)).toMatchObject({ conclusion: "success", results: { shard: "skipped" } });
  }
  expect(await states()).toEqual([{ state: "posted", slots: 9 }]);
  expect(postsPerClient()).toEqual(once(clients));
});

/** Jobs of which one leaves a broken report and one none, though both say that all went well; the report job is the real one. */
const carelessNpm = (npm: string) => `#!/bin/bash
case "$*" in
  ci*) exit 0 ;;
  *--shards=*) exec '${npm}' "$@" "--now=$TEST_NOW" ;;
  *--shards*) printf 'shards<<x\\n["00000000-7fffffff","80000000-ffffffff"]\\nx\\n' >> "$GITHUB_OUTPUT" ;;
  *--shard=00000000-7fffffff*) echo '{"run":' > report-00000000-7fffffff.json ;;
esac
`;

test("a report that is broken and one that is missing are both named, and the run fails", async () => {
  const { run } = await stage({ clients: 1 });
  const done = await run({ npm: carelessNpm(realNpm) });
  expect(done).toMatchObject({
    conclusion: "failure",
    results: { tick: "success", shard: "success", report: "failure" },
  });
  const { summary = "" } = done.jobs.at(-1) ?? {};
  expect(summary).toMatch(/^❌ No shard left a report/);
  expect(summary).toContain("The file report-00000000-7fffffff.json was left out: it is not JSON.");
  for (const shard of ["00000000-7fffffff", "80000000-ffffffff"])
    expect(summary).toContain(`Shard ${shard} left no report: its clients are picked up by the next tick.`);
});

/** A tick job that prints its shards as given, and shards that only say that they ran. */
const tickThatSays = (output: string) => `#!/bin/bash
case "$*" in
  ci*) exit 0 ;;
  *--shards=*) exit 0 ;;
  *--shards*) ${output} ;;
esac
`;

test.for([
  { when: "fails", output: "exit 1", results: { tick: "failure", shard: "skipped" } },
  { when: "leaves no output", output: "exit 0", results: { tick: "success", shard: "failure" } },
  {
    when: "leaves an output with a secret in it, which the runner drops",
    output: `printf 'shards<<x\\n["%s"]\\nx\\n' test-app-secret >> "$GITHUB_OUTPUT"`,
    results: { tick: "success", shard: "failure" },
  },
])("no work is dropped in silence where the tick job $when", async ({ output, results }) => {
  const { run } = await stage({ clients: 1 });
  expect(await run({ npm: tickThatSays(output) })).toMatchObject({ conclusion: "failure", results });
});

test.for([
  { split: "in one job", slotsPerJob: "500", jobs: 1 },
  { split: "in shards", slotsPerJob: "1", jobs: 5 },
])("an old run that is run again uses and records the newest files, $split", async ({ slotsPerJob, jobs }) => {
  const { run, commit, workspace, services, postsPerClient } = await stage({ clients: 4 });
  const later = join(workspace.root, "clients/client-4.yaml");
  const added = await readFile(later);
  await rm(later);
  const triggerSha = await commit();
  await writeFile(later, added);
  await workspace.editClient("client-1", { status: "paused" });
  const tip = await commit();
  const again = await run({ vars: { CLARA_SLOTS_PER_JOB: slotsPerJob }, triggerSha });
  expect(again, failuresOf(again)).toMatchObject({ conclusion: "success" });
  expect(again.jobs).toHaveLength(jobs);
  expect(postsPerClient()).toEqual({ "client-1": 0, "client-2": 1, "client-3": 1, "client-4": 1 });
  expect(await services.sql("select distinct commit_sha from clara.run")).toEqual([{ commit_sha: tip }]);
});

test("a run for one client is one job, and so is a dry run, which posts nothing", async () => {
  const { run, services, postsPerClient } = await stage({ clients: 4 });
  const few = { CLARA_SLOTS_PER_JOB: "1" };
  const dry = await run({ vars: few, inputs: { client: "", "dry-run": true } });
  expect(dry, failuresOf(dry)).toMatchObject({ conclusion: "success", results: { shard: "skipped" } });
  expect(services.x.posts()).toEqual([]);
  const single = await run({ vars: few, inputs: { client: "client-2", "dry-run": false } });
  expect(single, failuresOf(single)).toMatchObject({ conclusion: "success", results: { shard: "skipped" } });
  expect(postsPerClient()).toEqual({ "client-1": 0, "client-2": 1, "client-3": 0, "client-4": 0 });
});
