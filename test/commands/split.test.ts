import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import type { Context } from "../../src/commands/context.ts";
import { plan } from "../../src/commands/plan.ts";
import { run } from "../../src/commands/run.ts";
import { splitOfRun } from "../../src/commands/split.ts";
import { hashClient, isServed, readShard, splitIntoShards } from "../../src/due/shards.ts";
import { actionsHost } from "../../src/vendors/actions.ts";
import { openLog } from "../../src/vendors/log.ts";
import { exampleClient, exampleState } from "../due/examples.ts";
import { tickDouble } from "../support/tick.ts";
import { createWorkspace, type TestWorkspace } from "../support/workspace.ts";

const ids = ["acme", "bolt", "cora", "dora", "echo"];
const now = new Date("2026-11-21T09:04:00Z");

let workspace: TestWorkspace;
let written: string;

beforeEach(async () => {
  workspace = await createWorkspace();
  written = "";
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await workspace.remove();
});

function contextOf(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Context {
  return {
    arguments: parseArguments([...words, "--root", workspace.root]),
    environment,
    stateDirectory: join(workspace.root, ".clara"),
    migrationsDirectory: join(import.meta.dirname, "../../schemas/sql"),
    clock: () => now,
    log: openLog({ stream: { write: () => true } }),
    host: actionsHost(environment, { write: () => true }),
    write: (text) => {
      written += text;
    },
    stopping: new AbortController().signal,
  };
}

describe("plan --shards", () => {
  beforeEach(async () => {
    for (const id of ids) await workspace.addClient(id);
  });

  test("prints shards that hold the due clients evenly, and how many slots there are", async () => {
    expect(await plan(contextOf(["plan", "--shards", "--json"], { CLARA_SLOTS_PER_JOB: "2" }))).toBe(0);
    const { shards, ...rest } = JSON.parse(written);
    expect(rest).toEqual({ slots: 5, slotsPerJob: 2 });
    expect(shards).toEqual(splitIntoShards(ids.map(hashClient), 2));
    const sizes = shards.map((shard: string) => ids.filter((id) => isServed(readShard(shard), id)).length);
    expect(sizes.sort()).toEqual([1, 2, 2]);
  });

  test("in words it names each shard on a line; small work is one shard", async () => {
    await plan(contextOf(["plan", "--shards"]));
    expect(written).toBe("5 slots in 1 shard, 500 for each job\n00000000-ffffffff\n");
  });

  test("in Actions the shards are an output that fromJSON reads", async () => {
    const output = join(workspace.root, "output");
    await writeFile(output, "");
    vi.stubEnv("GITHUB_OUTPUT", output);
    const environment = { GITHUB_ACTIONS: "true", GITHUB_OUTPUT: output, CLARA_SLOTS_PER_JOB: "3" };
    await plan(contextOf(["plan", "--shards"], environment));
    const [, , value = ""] = /^shards<<(\S+)\n(.*)\n\1$/m.exec(await readFile(output, "utf8")) ?? [];
    expect(JSON.parse(value)).toEqual(splitIntoShards(ids.map(hashClient), 3));
  });

  test("a wrong number of slots for each job is wrong usage", async () => {
    const wrong = plan(contextOf(["plan", "--shards"], { CLARA_SLOTS_PER_JOB: "0" }));
    await expect(wrong).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("run --shards splits", () => {
  const clients = ids.map((id) => exampleClient({ times: ["10:00"] }, { id }));

  function tickOf({
    ledger = "real" as const,
    due = true,
    ...change
  }: object & { ledger?: "real" | "sandbox"; due?: boolean }) {
    const tick = tickDouble({ now: due ? now : new Date("2026-11-21T12:00:00Z"), clients });
    const readTick = vi.fn(async () => exampleState());
    const services = { ...tick.services, mode: { ...tick.run.mode, ledger }, ledger: { readTick } };
    return { tick: { ...tick, ...change, services } as unknown as typeof tick, readTick };
  }

  const split = (tick: ReturnType<typeof tickOf>["tick"], words: readonly string[] = ["--shards"], slots = "2") =>
    splitOfRun(contextOf(["run", ...words], { CLARA_SLOTS_PER_JOB: slots }), tick);

  test("work that is more than one job should take, after one look at the ledger", async () => {
    const { tick, readTick } = tickOf({});
    expect((await split(tick))?.shards).toEqual(splitIntoShards(ids.map(hashClient), 2));
    expect(readTick).toHaveBeenCalledTimes(1);
  });

  test.for([
    { when: "when it is not asked to", words: [], change: {} },
    { when: "for one client", words: ["--shards"], change: { only: { client: "acme" } } },
    { when: "in a dry run", words: ["--shards"], change: { dryRun: true } },
    {
      when: "with a ledger that the other jobs would not have",
      words: ["--shards"],
      change: { ledger: "sandbox" as const },
    },
  ])("nothing $when", async ({ words, change }) => {
    const { tick, readTick } = tickOf(change);
    expect(await split(tick, words)).toBeUndefined();
    expect(readTick).not.toHaveBeenCalled();
  });

  test("nothing, and asks no ledger, where all clients together are small work", async () => {
    const { tick, readTick } = tickOf({});
    expect(await split(tick, ["--shards"], "5")).toBeUndefined();
    expect(readTick).not.toHaveBeenCalled();
  });

  test("nothing where few of many clients are due", async () => {
    const { tick, readTick } = tickOf({ due: false });
    expect(await split(tick)).toBeUndefined();
    expect(readTick).toHaveBeenCalledTimes(1);
  });
});

test.for([
  { words: ["--shard", "everything"], message: "a shard is two ascending hashes" },
  { words: ["--shard=80000000-7fffffff"], message: "a shard is two ascending hashes" },
  { words: ["--client", "acme", "--shard", "00000000-ffffffff"], message: "exclude each other" },
  { words: ["--shards", "--shard", "00000000-ffffffff"], message: "exclude each other" },
])("run $words is wrong usage, before anything is opened", async ({ words, message }) => {
  await expect(run(contextOf(["run", ...words]))).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message),
  });
});
