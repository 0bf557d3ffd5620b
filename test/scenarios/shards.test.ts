import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashClient, isServed, readShard, splitIntoShards } from "../../src/due/shards.ts";
import { readReport } from "../../src/record/read-report.ts";
import { stages } from "./whole-tick.ts";

/** The run command for a part of the clients, against a real ledger. */
const stage = stages();

const ids = ["acme", "bolt", "cora", "dora"];
const shards = splitIntoShards(ids.map(hashClient), 2);
const clientsOf = (shard = "") => ids.filter((id) => isServed(readShard(shard), id));

test("work that is split is announced and not begun; then each shard posts for its own clients, once", async () => {
  const { tick, services, clients, workspace } = await stage({ clients: ids });
  const split = await tick(0, { args: ["--shards"], environment: { CLARA_SLOTS_PER_JOB: "2" } });
  expect(split.code).toBe(0);
  expect(JSON.parse(split.stdout)).toEqual({ shards, slots: 4, slotsPerJob: 2 });
  expect(services.x.posts()).toEqual([]);
  expect(services.ledger.calls()).toEqual(["read_tick"]);

  for (const shard of shards) {
    const file = join(workspace.root, `report-${shard}.json`);
    const { code, report } = await tick(0, { args: ["--shard", shard, "--report", file] });
    expect(code).toBe(0);
    expect(report?.slots.map(({ client, outcome }) => [client, outcome]).sort()).toEqual(
      clientsOf(shard).map((client) => [client, "posted"]),
    );
    expect(readReport(await readFile(file, "utf8"))).toEqual({ report: { ...report, shard, notes: [] } });
  }
  const byAccount = (one: string, other: string) => (one < other ? -1 : 1);
  const accounts = clients.map(({ xUserId }) => xUserId).sort(byAccount);
  expect(
    services.x
      .posts()
      .map(({ xUserId }) => xUserId)
      .sort(byAccount),
  ).toEqual(accounts);
  const runs = await services.sql(
    "select id, report->'totals'->>'posted' as posted from clara.run order by started_at",
  );
  expect(runs.map(({ id, posted }) => [String(id).slice(-17), posted])).toEqual(shards.map((shard) => [shard, "2"]));
});

test("a shard is red for its own slots, and leaves a broken file to the job that reports", async () => {
  const { tick, workspace } = await stage({ clients: ids });
  await workspace.editClient("acme", { timezone: "Mars" });
  const results = await Promise.all(shards.map((shard) => tick(0, { args: ["--shard", shard] })));
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(results.map(({ stderr }) => stderr).join()).not.toContain("Mars");
});

test("the waiting slot of a removed client is closed by its own shard, and by no run for another client", async () => {
  const { tick, services, workspace, rows } = await stage({ clients: ids });
  await services.sql("insert into clara.halt values ('acme', 'lawyers', now())");
  await tick();
  expect(await rows("acme")).toMatchObject([{ state: "waiting" }]);
  await rm(join(workspace.root, "clients/acme.yaml"));
  const [own = "", other = ""] = clientsOf(shards[0]).includes("acme") ? shards : shards.toReversed();
  await tick(1, { args: ["--client", "bolt"] });
  await tick(1, { args: ["--shard", other] });
  expect(await rows("acme")).toMatchObject([{ state: "waiting" }]);
  await tick(1, { args: ["--shard", own] });
  expect(await rows("acme")).toMatchObject([{ state: "skipped" }]);
});

test("a run for one client leaves another's open send free, so that the next tick settles it at once", async () => {
  const { tick, services, rows } = await stage({ clients: ["acme", "bolt"] });
  services.faults.x = ({ method, path, account }) =>
    method === "POST" && path === "/2/tweets" && account === "1000001" ? { kind: "lost-answer" } : undefined;
  await tick(0, { args: ["--client", "acme"] });
  delete services.faults.x;
  expect(await rows("acme")).toMatchObject([{ state: "unknown", posts: 0 }]);
  await tick(11, { args: ["--client", "bolt"] });
  expect(await rows("acme")).toMatchObject([{ state: "unknown", posts: 0 }]);
  const { report } = await tick(0);
  expect(report?.slots).toMatchObject([{ client: "acme", outcome: "posted" }]);
  expect(await rows("acme")).toMatchObject([{ state: "posted", sends: 1, posts: 1 }]);
});
