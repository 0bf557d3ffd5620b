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
  expect(await calls()).toEqual([install, ["start", "--silent", "--", "run", ...options, "key=sk-of-the-test"]]);
});

test.for(hostile)("the client %j reaches npm as one word, and nothing is executed", async (client) => {
  const { bin, calls } = await stage.stubNpm();
  const results = await stage.runScripts("run.yml", contexts({ client, "dry-run": false }), bin);
  expect(results.at(-1)).toEqual({ code: 0, output: "" });
  expect((await calls())[1]).toEqual(["start", "--silent", "--", "run", `--client=${client}`, "key=sk-of-the-test"]);
  expect(await readdir(stage.work())).toEqual([]);
});

test("a dry run is wanted only by the word true", async () => {
  const { bin, calls } = await stage.stubNpm();
  await stage.runScripts("run.yml", contexts({ client: "", "dry-run": "$(touch x) || true" }), bin);
  expect((await calls())[1]).toEqual(["start", "--silent", "--", "run", "key=sk-of-the-test"]);
  expect(await readdir(stage.work())).toEqual([]);
});

test("the real npm hands such a client on as one word and prints none of it", async () => {
  const client = "a b\n::error::c $(touch x) `touch x`; touch x 'd' \"e\"";
  const words = await stage.standIn();
  const results = await stage.runScripts("run.yml", contexts({ client, "dry-run": true }));
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(results[1]?.output).not.toContain("::error::");
  expect(await words()).toEqual(["run", `--client=${client}`, "--dry-run"]);
  expect(await readdir(stage.work())).not.toContain("x");
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
