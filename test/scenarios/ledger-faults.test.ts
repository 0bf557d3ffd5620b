import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RpcFault } from "../support/postgres.ts";
import { type Stage, stages, type TickSeen } from "./whole-tick.ts";

/** The ledger and the rate limiter fail in the middle of a tick: never two posts, nothing lost. */
const open = stages();

/** How the first tick ends while one function of the ledger fails; `report` is missing when it broke off. */
interface Row {
  name: string;
  fault: RpcFault;
  code: 0 | 1;
  slot: { outcome: string; reason: RegExp } | "broke off";
  posts: 0 | 1;
  state: "waiting" | "claimed" | "armed" | "posted" | "none";
}

const brokeOff = { code: 1, slot: "broke off", posts: 0 } as const;

const rows: readonly Row[] = [
  { name: "open_tick", fault: "unavailable", ...brokeOff, state: "none" },
  { name: "open_tick", fault: "lost", ...brokeOff, state: "none" },
  { name: "claim_slots", fault: "unavailable", ...brokeOff, state: "none" },
  { name: "claim_slots", fault: "lost", ...brokeOff, state: "claimed" },
  { name: "reserve_slots", fault: "unavailable", ...brokeOff, state: "claimed" },
  { name: "reserve_slots", fault: "lost", ...brokeOff, state: "claimed" },
  {
    name: "store_draft",
    fault: "unavailable",
    code: 0,
    slot: { outcome: "deferred", reason: /answered 503/ },
    posts: 0,
    state: "claimed",
  },
  {
    name: "store_draft",
    fault: "lost",
    code: 0,
    slot: { outcome: "deferred", reason: /did not answer/ },
    posts: 0,
    state: "claimed",
  },
  {
    name: "arm_slot",
    fault: "unavailable",
    code: 0,
    slot: { outcome: "deferred", reason: /nothing was sent/ },
    posts: 0,
    state: "waiting",
  },
  {
    name: "arm_slot",
    fault: "lost",
    code: 0,
    slot: { outcome: "deferred", reason: /nothing was sent/ },
    posts: 0,
    state: "waiting",
  },
  {
    name: "record_outcome",
    fault: "lost",
    code: 0,
    slot: { outcome: "unknown", reason: /did not take the outcome; it was: posted, \d+/ },
    posts: 1,
    state: "posted",
  },
  {
    name: "close_tick",
    fault: "unavailable",
    code: 0,
    slot: { outcome: "posted", reason: /^$/ },
    posts: 1,
    state: "posted",
  },
  { name: "close_tick", fault: "lost", code: 0, slot: { outcome: "posted", reason: /^$/ }, posts: 1, state: "posted" },
];

test.for(rows)("$name is $fault: the slot is posted once in the end, with the text that was written", async (row) => {
  const stage = await open();
  const { services, tick, slotOf } = stage;
  services.ledger.fault(row.name, row.fault);
  const first = await tick();
  expect(first.code).toBe(row.code);
  if (row.slot === "broke off") {
    expect(JSON.parse(first.stdout)).toEqual({
      error: expect.stringMatching(/^the ledger (answered 503|did not answer)/),
    });
  } else expect(slotOf(first)).toMatchObject({ outcome: row.slot.outcome });
  if (row.slot !== "broke off") expect(slotOf(first)?.reason ?? "").toMatch(row.slot.reason);
  expect(services.x.posts()).toHaveLength(row.posts);
  expect((await stage.rows())[0]?.state ?? "none").toBe(row.state);

  services.ledger.fault(row.name);
  await tick(15);
  const asked = services.model.requests();
  await tick(15);
  expect(services.x.posts()).toHaveLength(1);
  expect(await stage.rows()).toEqual([expect.objectContaining({ state: "posted", posts: 1 })]);
  expect(services.model.requests()).toBe(asked);
  const texts = await services.sql("select text from clara.draft");
  expect(services.x.posts().map(({ text }) => ({ text }))).toEqual(texts);
});

test("what a model cost counts as spent although the ledger could not take the draft", async () => {
  const { services, tick } = await open();
  services.ledger.fault("store_draft", "unavailable");
  await tick();
  services.ledger.fault("store_draft");
  expect(await services.sql("select held_completions from clara.spend where scope <> '*'")).toEqual(
    Array(2).fill({ held_completions: 2 }),
  );
  await tick(15);
  const [spend] = await services.sql("select completions, held_completions from clara.spend where scope <> '*'");
  expect(spend).toEqual({ completions: 3, held_completions: 0 });
});

test("a tick whose report was not stored still shows its posts, and says so", async () => {
  const { services, workspace, tick } = await open();
  services.ledger.fault("close_tick", "unavailable");
  expect(await tick()).toMatchObject({ code: 0, report: { totals: { posted: 1 } } });
  const summary = await readFile(join(workspace.root, ".clara/summary.md"), "utf8");
  expect(summary).toContain("The report of this run was not stored: the ledger answered 503");
});

test("one lost answer to an outcome is asked again, and the slot is posted in the same tick", async () => {
  const { services, tick, slotOf } = await open();
  services.ledger.fault("record_outcome", "lost", 1);
  expect(slotOf(await tick())).toMatchObject({ outcome: "posted" });
  expect(services.ledger.calls().filter((name) => name === "record_outcome")).toHaveLength(2);
  expect(await services.sql("select count(*)::int as posts from clara.post")).toEqual([{ posts: 1 }]);
});

test("a ledger that goes away behind the send leaves one post, found when it is back", async () => {
  const { services, tick, slotOf } = await open();
  services.faults.x = ({ method }) => {
    if (method === "POST") services.ledger.fault("*", "unavailable");
    return undefined;
  };
  const first = await tick();
  expect(slotOf(first)).toMatchObject({ outcome: "unknown", cause: "outcome-unknown" });
  delete services.faults.x;
  services.ledger.fault("*");
  expect(slotOf(await tick(15))).toMatchObject({ outcome: "posted", postId: services.x.posts()[0]?.id });
  expect(services.x.posts()).toHaveLength(1);
});

test("an absence that cannot be counted never leads to a second send", async () => {
  const { services, tick, slotOf } = await open();
  services.faults.x = ({ method, count }) => (method === "POST" && count === 1 ? { kind: "reset" } : undefined);
  await tick();
  services.ledger.fault("record_absence", "unavailable");
  for (const minutes of [15, 15]) expect(slotOf(await tick(minutes))).toMatchObject({ outcome: "unknown" });
  expect(services.x.requests("POST", "/2/tweets")).toBe(1);
  services.ledger.fault("record_absence");
  for (const minutes of [10, 10]) await tick(minutes);
  expect(services.x.posts()).toHaveLength(1);
});

test("a dry run without a ledger fails and says so", async () => {
  const { services, tick } = await open();
  services.ledger.fault("read_tick", "unavailable");
  const { code, stdout } = await tick(0, { args: ["--dry-run"] });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({ error: expect.stringContaining("the ledger answered 503") });
});

const limited = async (stage: Stage, url: string): Promise<TickSeen> =>
  stage.tick(0, { environment: { UPSTASH_REDIS_REST_URL: url } });

test("Upstash that never answers costs one wait, and Postgres decides", async () => {
  const stage = await open({ clients: ["acme", "beta"] });
  let hits = 0;
  const silent = createServer(() => {
    hits += 1;
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { report } = await limited(stage, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  silent.closeAllConnections();
  silent.close();
  expect(report?.totals.posted).toBe(2);
  expect(stage.services.ledger.calls()).toContain("take_tokens");
  // Each slot needs tokens several times; who asks first may ask together, and nobody asks again.
  expect(hits).toBeGreaterThan(0);
  expect(hits).toBeLessThanOrEqual(stage.clients.length);
});

test("without Upstash and without the buckets in Postgres nothing is allowed", async () => {
  const stage = await open();
  stage.services.ledger.fault("take_tokens", "unavailable");
  const seen = await limited(stage, "http://127.0.0.1:9");
  expect(stage.slotOf(seen)).toMatchObject({
    outcome: "deferred",
    reason: expect.stringContaining("the ledger answered 503"),
  });
  expect([stage.services.model.requests(), stage.services.x.posts().length]).toEqual([0, 0]);
  expect(stage.slotOf(await stage.tick(1))).toMatchObject({ outcome: "posted" });
});
