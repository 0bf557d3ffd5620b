import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashClient, splitIntoShards } from "../../src/due/shards.ts";
import type { ModelFault } from "../../src/sandbox/model-faults.ts";
import { runCli } from "../support/cli.ts";
import { encodings } from "../support/encodings.ts";
import { actionsFiles, dump, expectNoSecret, filesOf, modelKey, splitMasks } from "./canary-places.ts";
import { type Stage, stages } from "./whole-tick.ts";

/** What is outside repeats a secret in every encoding: a client for each of them, and all in one tick. */
const open = stages();
const actions = actionsFiles();

type Plant = (stage: Stage, encodes: readonly ((secret: string) => string)[]) => () => number;

/** X repeats to each client its own token, and to the next one another way. */
const repeatToken: Plant = ({ services, clients }, encodes) => {
  let times = 0;
  services.faults.x = ({ method, account }) => {
    if (method !== "POST") return undefined;
    times += 1;
    const number = clients.findIndex(({ xUserId }) => xUserId === account);
    const detail = `no entry for ${encodes[number]?.(clients[number]?.accessToken ?? "")} here`;
    // A refusal of this text alone: others go on.
    const type = "https://api.twitter.com/2/problems/invalid-request";
    const body = { title: "Invalid Request", detail, status: 400, type };
    return { kind: "answer", done: false, status: 400, body };
  };
  return () => times;
};

/** The model's server repeats the key, each time another way. */
const repeatKey =
  (fault: (encoded: string) => ModelFault): Plant =>
  ({ services }, encodes) => {
    let times = 0;
    services.faults.model = ({ path }) => {
      if (path !== "/v1/chat/completions") return undefined;
      times += 1;
      return fault(encodes[times % encodes.length]?.(modelKey) ?? "");
    };
    return () => times;
  };

const quoted = (encoded: string): ModelFault => {
  return { kind: "error", status: 400, message: `Bad ${encoded}`, code: encoded, type: encoded, param: encoded };
};
const written = (encoded: string): ModelFault => ({ kind: "texts", texts: [`The key is ${encoded} today`] });

/** Long, as X's tokens are. */
const clientsFor = (encodes: readonly unknown[]) => encodes.map((_, at) => `a-client-with-a-long-name-${at + 10}`);
const encodesWithout = (names: RegExp) =>
  Object.entries(encodings).flatMap(([name, encode]) => (names.test(name) ? [] : [encode]));

// What cuts keys out of X's words, and the check of a model's text, look for words that are like keys: they know no key that
// is broken into lines of a few characters.
test.for<{ what: string; plant: Plant; without?: RegExp }>([
  { what: "X repeats the tokens", plant: repeatToken, without: /lines/ },
  { what: "an error of the model repeats the key", plant: repeatKey(quoted) },
  { what: "the model writes the key", plant: repeatKey(written), without: /lines/ },
])("no secret shows in any encoding after: $what", async ({ plant, without = /^$/ }) => {
  const encodes = encodesWithout(without);
  const stage = await open({ clients: clientsFor(encodes) });
  const { services, workspace, tick } = stage;
  const planted = plant(stage, encodes);
  const { stdout, stderr, report } = await tick(0, { environment: actions.environment() });
  expect(planted()).toBeGreaterThanOrEqual(encodes.length);
  expect(report?.slots.map(({ outcome }) => outcome)).not.toContain("posted");
  expect(report?.slots).toHaveLength(encodes.length);
  const [summary, outputs] = [await actions.summary(), await actions.outputs()];
  expect(summary).toContain("a-client-with-a-long-name");
  const places = { stdout, stderr: splitMasks(stderr).said, summary, outputs };
  expectNoSecret({ ...places, files: await filesOf(workspace.root), ledger: await dump(services) }, stage);
});

test("no secret shows in the reports of shards, in the summary of them all, or in what splits the work", async () => {
  const encodes = encodesWithout(/lines/);
  const stage = await open({ clients: clientsFor(encodes) });
  const { services, workspace, clients, tick } = stage;
  const planted = repeatToken(stage, encodes);
  const reports = join(workspace.root, "reports");
  await mkdir(reports);
  const slotsPerJob = 16;
  const environment = {
    ...services.environment,
    ...actions.environment(),
    CLARA_SLOTS_PER_JOB: `${slotsPerJob}`,
  };
  const cli = (...words: readonly string[]) => runCli([...words, "--root", workspace.root], environment);
  const plan = (...words: readonly string[]) => cli("plan", ...words, "--now", "2026-11-21T09:04:00Z");

  const shards = splitIntoShards(
    clients.map(({ id }) => hashClient(id)),
    slotsPerJob,
  );
  const said = [await plan("--shards"), await tick(0, { args: ["--shards"], environment })];
  for (const shard of shards) {
    const file = join(reports, `report-${shard}.json`);
    said.push(await tick(0, { args: ["--shard", shard, "--report", file], environment }));
  }
  said.push(await cli("report", "--shards", JSON.stringify(shards), reports), await plan());

  expect(planted()).toBe(encodes.length);
  const [files, summary, outputs] = [await filesOf(reports), await actions.summary(), await actions.outputs()];
  for (const { id } of clients) expect(files).toContain(`"slot":"${id}/`);
  for (const text of [files, summary]) expect(text).toContain("no entry for");
  expect(outputs.match(/"00000000-/g)).toHaveLength(2);
  const streams = said.map(({ stdout, stderr }) => stdout + splitMasks(stderr).said).join("\n");
  expectNoSecret({ files, summary, outputs, streams, state: await filesOf(workspace.root) }, stage);
});
