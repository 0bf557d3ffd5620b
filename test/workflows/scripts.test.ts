import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { contexts, hostile, install, scriptStage } from "./run-scripts.ts";

const stage = scriptStage();

test.for([
  { trigger: "a schedule", inputs: {}, options: [] },
  { trigger: "a dispatch as it is offered", inputs: { client: "", "dry-run": false }, options: [] },
  { trigger: "a dispatch for a client", inputs: { client: "acme", "dry-run": false }, options: ["--client=acme"] },
  { trigger: "a dry run", inputs: { client: "", "dry-run": true }, options: ["--dry-run"] },
  { trigger: "both", inputs: { client: "acme", "dry-run": true }, options: ["--client=acme", "--dry-run"] },
])("$trigger runs one tick with $options, and only the tick sees the secrets", async ({ inputs, options }) => {
  const { bin, calls } = await stage.stubNpm();
  const results = await stage.runScripts("run.yml", contexts(inputs), bin);
  expect(results).toEqual([
    { code: 0, output: "" },
    { code: 0, output: "" },
  ]);
  expect(await calls()).toEqual([
    install,
    ["start", "--silent", "--", "run", "--shards", ...options, "key=sk-of-the-test"],
  ]);
});

test.for(hostile)("the client %j reaches npm as one word, and nothing is executed", async (client) => {
  const { bin, calls } = await stage.stubNpm();
  const results = await stage.runScripts("run.yml", contexts({ client, "dry-run": false }), bin);
  expect(results.at(-1)).toEqual({ code: 0, output: "" });
  expect((await calls())[1]).toEqual([
    "start",
    "--silent",
    "--",
    "run",
    "--shards",
    `--client=${client}`,
    "key=sk-of-the-test",
  ]);
  expect(await readdir(stage.work())).toEqual([]);
});

test("a dry run is wanted only by the word true", async () => {
  const { bin, calls } = await stage.stubNpm();
  await stage.runScripts("run.yml", contexts({ client: "", "dry-run": "$(touch x) || true" }), bin);
  expect((await calls())[1]).toEqual(["start", "--silent", "--", "run", "--shards", "key=sk-of-the-test"]);
  expect(await readdir(stage.work())).toEqual([]);
});

test("the real npm hands such a client on as one word and prints none of it", async () => {
  const client = "a b\n::error::c $(touch x) `touch x`; touch x 'd' \"e\"";
  const words = await stage.standIn();
  const results = await stage.runScripts("run.yml", contexts({ client, "dry-run": true }));
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(results[1]?.output).not.toContain("::error::");
  expect(await words()).toEqual(["run", "--shards", `--client=${client}`, "--dry-run"]);
  expect(await readdir(stage.work())).not.toContain("x");
});

test("a shard is served with the secrets, and the report is made without them", async () => {
  const shard = "00000000-7fffffff";
  const given = { ...contexts(), matrix: { shard }, needs: { tick: { outputs: { shards: `["${shard}"]` } } } };
  const { bin, calls } = await stage.stubNpm();
  await stage.runScripts("run.yml", given, bin, "shard");
  await stage.runScripts("run.yml", given, bin, "report");
  const start = ["start", "--silent", "--"];
  expect(await calls()).toEqual([
    install,
    [...start, "run", `--shard=${shard}`, `--report=report-${shard}.json`, "key=sk-of-the-test"],
    install,
    [...start, "report", `--shards=["${shard}"]`, "reports", "key="],
  ]);
});

test.for(hostile)("the shard %j reaches npm as one word in both jobs, and nothing is executed", async (text) => {
  const given = { ...contexts(), matrix: { shard: text }, needs: { tick: { outputs: { shards: text } } } };
  const { bin, calls } = await stage.stubNpm();
  for (const job of ["shard", "report"]) {
    expect((await stage.runScripts("run.yml", given, bin, job)).at(-1)).toEqual({ code: 0, output: "" });
  }
  const [, shard, , report] = await calls();
  expect(shard?.slice(4, 6)).toEqual([`--shard=${text}`, `--report=report-${text}.json`]);
  expect(report?.slice(4, 6)).toEqual([`--shards=${text}`, "reports"]);
  expect(await readdir(stage.work())).toEqual([]);
});

test.for(["run.yml", "validate.yml"])("a failure of npm fails the job of %s and ends it there", async (file) => {
  const { bin, calls } = await stage.stubNpm(1);
  expect(await stage.runScripts(file, contexts(), bin)).toEqual([{ code: 1, output: "" }]);
  expect(await calls()).toEqual([install]);
});

test("a pull request is validated with what is installed from the lock file", async () => {
  const { bin, calls } = await stage.stubNpm();
  await stage.runScripts("validate.yml", contexts(), bin);
  expect(await calls()).toEqual([install, ["start", "--silent", "--", "validate", "key="]]);
});
