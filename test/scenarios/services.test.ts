import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { runCli, runTickCli, startCli } from "../support/cli.ts";
import { holdBack } from "../support/held-service.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { startServices, type TestServices } from "../support/services.ts";
import { createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";

/** Real processes and real SDKs against every outside service on loopback. */
let postgres: NativePostgres;
let workspace: TestWorkspace;
let services: TestServices;
let clients: TestClient[];
let nowMs: number;
/** A process starts in a second; in many more on a busy machine. */
const patience = { timeout: 45_000 };

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  nowMs = Date.parse("2026-11-21T09:04:00Z");
  workspace = await createWorkspace();
  clients = [];
  for (const id of ["acme", "beta", "gamma"]) clients.push(await workspace.addClient(id));
  services = await startServices({ postgres, workspace, clients, clock: () => new Date(nowMs) });
});
afterEach(async () => {
  await services.close();
  await workspace.remove();
});

const at = (minutes = 0) => {
  nowMs += minutes * 60_000;
  return ["--root", workspace.root, "--now", new Date(nowMs).toISOString()];
};

test("with every variable set, the real SDKs post each due slot once, and the next tick posts nothing", async () => {
  const first = await runTickCli(at(), services.environment);
  expect(first).toMatchObject({ code: 0, totals: { posted: 3, failed: 0 } });
  expect(first.run.mode).toEqual({ ledger: "real", limiter: "real", model: "real", x: "real" });
  expect(
    services.x
      .posts()
      .map(({ xUserId }) => xUserId)
      .sort(),
  ).toEqual(clients.map(({ xUserId }) => xUserId));
  expect(services.model.requests()).toBeGreaterThan(0);
  expect(services.redis.requests.length).toBeGreaterThan(0);
  expect(await services.sql("select count(*)::int as posts from clara.post")).toEqual([{ posts: 3 }]);

  const second = await runTickCli(at(1), services.environment);
  expect(second).toMatchObject({ code: 0, slots: [], totals: { posted: 0 } });
  expect(services.x.posts()).toHaveLength(3);
});

test("two runs started together post each slot once between them", async () => {
  const args = at();
  const reports = await Promise.all([1, 2].map(() => runTickCli(args, services.environment)));
  expect(reports.map(({ code }) => code)).toEqual([0, 0]);
  expect(reports.reduce((sum, { totals }) => sum + totals.posted, 0)).toBe(3);
  expect(services.x.posts()).toHaveLength(3);
});

test("a run killed between arm and outcome leaves one post, and a later tick records it as posted", async () => {
  services.faults.x = ({ method, path }) =>
    method === "POST" && path === "/2/tweets" ? { kind: "hang", done: true } : undefined;
  const killed = startCli(["run", "--client", "acme", ...at()], services.environment);
  await expect.poll(() => services.x.posts().length, patience).toBe(1);
  killed.process.kill("SIGKILL");
  await killed.finished;
  delete services.faults.x;

  const whileLeased = await runTickCli(at(5), services.environment);
  expect(whileLeased.slots.map(({ client }) => client)).not.toContain("acme");
  const later = await runTickCli(at(10), services.environment);
  const [post] = services.x.posts(clients[0]?.xUserId);
  expect(later.slots.find(({ client }) => client === "acme")).toMatchObject({ outcome: "posted", postId: post?.id });
  expect(services.x.posts(clients[0]?.xUserId)).toHaveLength(1);
  const rows = await services.sql(
    "select s.state, p.post_id from clara.slot s join clara.post p on p.slot = s.id where s.client = 'acme'",
  );
  expect(rows).toEqual([{ state: "posted", post_id: post?.id }]);
});

test("an idle tick calls neither X nor the model nor Upstash, and loads no package at all", async () => {
  await runTickCli(at(), services.environment);
  await runTickCli(at(1), services.environment);
  const used = () => [
    services.x.requests("POST", "/2/tweets"),
    services.model.requests(),
    services.redis.requests.length,
  ];
  const before = used();
  const idle = await runCli(["run", "--json", ...at(1)], traced());
  expect(idle).toMatchObject({ code: 0 });
  expect(JSON.parse(idle.stdout)).toMatchObject({ slots: [] });
  expect(used()).toEqual(before);
  expect(loadedPackages(idle.stderr)).toEqual([]);
  const everyTick = services.ledger.calls().slice(-2);
  expect(everyTick).toEqual(["open_tick", "close_tick"]);

  const busy = await runCli(["run", "--json", ...at(60)], traced());
  expect(loadedPackages(busy.stderr)).toEqual(
    expect.arrayContaining(["openai", "twitter-api-v2", "@supabase/supabase-js", "@upstash/redis"]),
  );
});

test("in Actions an idle tick loads no package either, and its outputs are written", async () => {
  const file = (name: string) => join(workspace.root, name);
  const actions = {
    GITHUB_ACTIONS: "true",
    GITHUB_RUN_ID: "7",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_SHA: "c0ffee",
    GITHUB_OUTPUT: file("outputs"),
    GITHUB_STEP_SUMMARY: file("summary.md"),
  };
  await runTickCli(at(), services.environment);
  await runTickCli(at(1), services.environment);
  const idle = await runCli(["run", ...at(1)], { ...traced(), ...actions });
  expect(idle.code).toBe(0);
  expect(loadedPackages(idle.stderr)).toEqual([]);
  expect(await readFile(file("outputs"), "utf8")).toContain("posted=0\nfailed=0\n");
  expect(await readFile(file("summary.md"), "utf8")).toContain("💤 Nothing was due");
});

test("a tick makes a constant number of ledger calls and at most four more per posted slot", async () => {
  const perTick = ["open_tick", "claim_slots", "reserve_slots", "close_tick"];
  await runTickCli(at(), services.environment);
  const calls = services.ledger.calls();
  expect(calls.filter((name) => perTick.includes(name)).sort()).toEqual([...perTick].sort());
  const perSlot = calls.filter((name) => !perTick.includes(name));
  expect(perSlot.length / clients.length).toBeLessThanOrEqual(4);
  expect(new Set(perSlot)).toEqual(new Set(["store_draft", "count_read", "arm_slot", "record_outcome"]));
});

test("without a ledger nothing is sent, and the run says so and fails", async () => {
  services.ledger.fault("*", "unavailable");
  const { code, stdout } = await runCli(["run", ...at()], services.environment);
  expect(code).toBe(1);
  expect(stdout).toBe(
    "❌ The tick stopped: the ledger answered 503 (open_tick). Nothing more was sent; a later tick goes on from the ledger.\n",
  );
  expect(services.x.posts()).toEqual([]);
  expect(services.model.requests()).toBe(0);
});

test("when Upstash does not answer, the buckets in Postgres decide and the summary says so", async () => {
  const environment = { ...services.environment, UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9" };
  const { code, stdout } = await runCli(["run", ...at()], environment);
  expect(code).toBe(0);
  expect(stdout).toContain("Upstash did not answer");
  expect(services.x.posts()).toHaveLength(3);
  expect(services.ledger.calls()).toContain("take_tokens");
});

test("a stop signal lets the slots at work end and starts nothing new", async () => {
  const model = await holdBack(services.model.url);
  onTestFinished(model.close);
  const started = startCli(["run", "--json", ...at()], { ...services.environment, OPENAI_BASE_URL: model.url });
  await expect.poll(model.asked, patience).toBe(clients.length);
  started.process.kill("SIGTERM");
  model.letGo();
  const { code, stdout } = await started.finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout).totals).toMatchObject({ posted: 3, unknown: 0 });
});

const traced = () => ({
  ...services.environment,
  NODE_OPTIONS: `--import ${new URL("../support/trace-imports.mjs", import.meta.url)}`,
});

/** Names of npm packages among the module addresses that the trace printed; the bundle of our own is none. */
function loadedPackages(stderr: string): readonly string[] {
  const addresses = stderr.matchAll(/^loaded .*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//gm);
  return [...new Set([...addresses].map(([, name]) => name ?? ""))].filter((name) => name !== ".cache");
}
