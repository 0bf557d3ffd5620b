import { afterEach, expect, test } from "vitest";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import type { Query } from "../../src/vendors/migrations.ts";
import { embeddedSession, emptyLedger, secretKey } from "../support/ledger.ts";
import { serveRpc } from "../support/postgres.ts";
import { type Stage, stages } from "./whole-tick.ts";

/** Reads that X does not answer: for one account, which is nobody else's affair, or for all. */
const open = stages();
const session = embeddedSession();
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** The same stage with its ledger on PGlite. */
async function openEmbedded(options: Parameters<typeof open>[0]): Promise<Stage & { sql: Query }> {
  const stage = await open(options);
  const ledger = await serveRpc(session(), secretKey);
  closers.push(ledger.close);
  const { sql } = await emptyLedger(session(), { url: ledger.url });
  const environment = { SUPABASE_URL: ledger.url, SUPABASE_SECRET_KEY: secretKey };
  return { ...stage, sql, tick: (minutesLater) => stage.tick(minutesLater, { environment }) };
}

const hours = ["09", "10", "11", "12", "13"];
const at = (minute: string) => ({
  days: "daily",
  times: hours.map((hour) => `${hour}:${minute}`),
  late: { within: "20m" },
});
const timelineOf = (xUserId: string | undefined) => `/2/users/${xUserId}/tweets`;
const sendsOf = ({ services }: Stage) => services.x.requests("POST", "/2/tweets");
const readsOf = ({ services, clients }: Stage) =>
  clients.reduce((sum, { xUserId }) => sum + services.x.requests("GET", timelineOf(xUserId)), 0);

async function statesOf(sql: Query, client: string): Promise<readonly unknown[]> {
  const rows = await sql("select state from clara.slot where client = $1 order by id", [client]);
  return rows.map(({ state }) => state);
}

test.for<{ when: string; fault: Fault }>([
  { when: "X says nothing but errors", fault: xFaults.onlyErrors },
  { when: "X answers 503 for it alone", fault: xFaults.serverError(503, false) },
  { when: "a proxy turns it away", fault: xFaults.edgeForbidden },
  { when: "the token is refused", fault: xFaults.unauthorized },
])("an account whose timeline cannot be read, for $when, keeps no other client from posting", async ({ fault }) => {
  const stage = await openEmbedded({ clients: ["acme", "bolt"] });
  const { services, workspace, clients, tick, sql } = stage;
  await workspace.editClient("acme", { schedule: at("00") });
  await workspace.editClient("bolt", { schedule: at("45") });
  const [acme, bolt] = clients.map(({ xUserId }) => xUserId);
  services.faults.x = ({ path, count, account }) => {
    if (path === "/2/tweets" && account === acme && count === 1) return { kind: "lost-answer" };
    return path === timelineOf(acme) ? fault : undefined;
  };
  await tick();
  // Every tick but few comes upon the unclear send alone.
  for (let n = 0; n < 21; n += 1) await tick(14);
  expect(await statesOf(sql, "bolt")).toEqual(hours.map(() => "posted"));
  expect(services.x.posts(bolt)).toHaveLength(hours.length);
  expect(await sql("select * from clara.breaker where scope = '*x'")).toEqual([]);
  expect((await statesOf(sql, "acme"))[0]).toBe("unknown");
  expect(services.x.posts(acme)).toHaveLength(1);

  delete services.faults.x;
  await sql("select public.release_scope('acme', now())");
  await tick(14);
  expect((await statesOf(sql, "acme"))[0], "resumed").toBe("posted");
});

/** Two clients; the answer to acme's first post is lost, and its timeline answers 503 from then on. */
async function openUnreadable(times: Readonly<Record<"acme" | "bolt", readonly string[]>>) {
  const stage = await openEmbedded({ clients: ["acme", "bolt"] });
  const { services, workspace, clients, sql } = stage;
  for (const id of ["acme", "bolt"] as const) {
    await workspace.editClient(id, { schedule: { days: "daily", times: times[id], late: { within: "20m" } } });
  }
  const acme = clients[0]?.xUserId;
  services.faults.x = ({ path, count, account }) => {
    if (path === "/2/tweets" && account === acme && count === 1) return { kind: "lost-answer" };
    return path === timelineOf(acme) ? xFaults.serverError(503, false) : undefined;
  };
  const breakers = () =>
    sql("select scope, cause, extract(epoch from until)::float8 * 1000 as until_ms from clara.breaker");
  const readsOfAcme = () => services.x.requests("GET", timelineOf(acme));
  return { ...stage, breakers, reads: readsOfAcme };
}

test("a timeline that answers 503 for a day is read about ten times before a person must look", async () => {
  const bolt = ["11:00", "15:00", "19:00", "23:00", "03:00", "07:00"];
  const { tick, sql, reads, breakers, slotOf } = await openUnreadable({ acme: ["09:00"], bolt });
  const first = await tick();
  const day = 24 * 4;
  for (let n = 1; n <= day; n += 1) await tick(15);
  expect((await statesOf(sql, "acme"))[0]).toBe("unknown");
  expect(reads()).toBeGreaterThanOrEqual(8);
  expect(reads()).toBeLessThanOrEqual(11);
  const last = await tick(15);
  expect(slotOf(last), "older than a day, so asked a last time").toMatchObject({
    slot: slotOf(first)?.slot,
    outcome: "dead",
    reason: expect.stringContaining("unclear for more than 24 h"),
  });
  expect(reads()).toBeLessThanOrEqual(12);
  const [spent] = await sql("select sum(x_usd)::float8 as usd from clara.slot where client = 'acme'");
  expect(spent?.usd).toBeLessThanOrEqual(0.015 + 0.01 + 12 * 0.025);
  expect(await statesOf(sql, "bolt")).toEqual(bolt.map(() => "posted"));
  expect((await breakers()).map(({ scope, cause }) => ({ scope, cause }))).toEqual([
    { scope: "acme", cause: "unread" },
  ]);
}, 240_000);

test("a timeline that answers again is read when the wait is over, and the next post ends the streak", async () => {
  const { services, tick, sql, reads, breakers, slotOf } = await openUnreadable({ acme: ["09:00", "13:00"], bolt: [] });
  await tick();
  for (let n = 0; n < 7; n += 1) await tick(15);
  const wait = (await breakers()).find(({ scope }) => scope === "acme");
  const known = reads();
  delete services.faults.x;
  let waits = 0;
  for (let seen = await tick(15); (await statesOf(sql, "acme"))[0] !== "posted"; seen = await tick(15)) {
    expect(slotOf(seen)).toMatchObject({
      outcome: "unknown",
      cause: "backing-off",
      reason: expect.stringMatching(/503.*"resume acme"/),
    });
    expect(Date.parse(seen.report?.run.startedAt ?? "")).toBeLessThan(Number(wait?.until_ms));
    expect(reads()).toBe(known);
    waits += 1;
  }
  expect(waits).toBeGreaterThanOrEqual(2);
  expect(services.x.requests("POST", "/2/tweets")).toBe(1);
  while ((await statesOf(sql, "acme")).length < 2) await tick(15);
  expect(await statesOf(sql, "acme")).toEqual(["posted", "posted"]);
  expect(await breakers()).toEqual([]);
});

test("a failed read of an unclear send leaves a half-open breaker to the post that is tried", async () => {
  const stage = await openEmbedded({ clients: ["acme", "bolt", "cora", "dora"] });
  const { services, workspace, clients, tick, sql } = stage;
  for (const id of ["acme", "cora", "dora"]) await workspace.editClient(id, { schedule: at("00") });
  await workspace.editClient("bolt", { schedule: at("20") });
  const bolt = clients[1]?.xUserId;
  // Three clients' sends, and what would tell of them, are without an answer: X may be down, so its breaker opens.
  services.faults.x = ({ path, account }) =>
    path === "/2/users/me" || account === bolt ? undefined : xFaults.serverError(503, false);
  await tick();
  expect(await sql("select cardinality(clients) as n from clara.breaker where scope = '*x'")).toEqual([{ n: 3 }]);
  await tick(1);
  const reads = readsOf(stage);
  expect((await tick(18)).report?.slots, "half open").toContainEqual(
    expect.objectContaining({ client: "bolt", outcome: "posted" }),
  );
  expect(readsOf(stage), "settling read on").toBe(reads + 3);
  expect(await sql("select * from clara.breaker where scope = '*x'"), "one post closed it").toEqual([]);
});

test("a client whose users/me is never answered keeps no other one from posting", async () => {
  const { services, workspace, clients, tick, sql } = await openEmbedded({ clients: ["acme", "bolt"] });
  await workspace.editClient("acme", { schedule: { ...at("00"), late: { within: "10h" } } });
  await workspace.editClient("bolt", { schedule: at("45") });
  services.faults.x = ({ path, account }) =>
    path === "/2/users/me" && account === clients[0]?.xUserId ? xFaults.serverError(503, false) : undefined;
  for (let n = 0; n < 22; n += 1) await tick(n === 0 ? 0 : 14);
  expect(await statesOf(sql, "bolt")).toEqual(hours.map(() => "posted"));
});

test("while users/me answers nobody all rest, one is tried at a time, and one post brings all back", async () => {
  const daily = { days: "daily", times: ["09:00"], late: { within: "4h" } };
  const stage = await openEmbedded({ clients: ["acme", "bolt", "cora"], change: { schedule: daily } });
  const { services, tick, slotOf } = stage;
  const asked = () => services.x.requests("GET", "/2/users/me");
  services.faults.x = ({ path }) => (path === "/2/users/me" ? xFaults.serverError(503, false) : undefined);
  await tick();
  const first = asked();
  expect(slotOf(await tick(1))).toMatchObject({
    cause: "backing-off",
    reason: expect.stringMatching(/look at X's status page.*3 clients in a row/),
  });
  expect(asked()).toBe(first);
  await tick(6);
  expect(asked(), "tried after 5 minutes or more").toBe(first + 1);
  await tick(7);
  expect(asked(), "it failed, so the wait is longer").toBe(first + 1);

  delete services.faults.x;
  expect((await tick(6)).report?.totals).toMatchObject({ posted: 1, deferred: 2 });
  expect((await tick(1)).report?.totals).toMatchObject({ posted: 2 });
});

test("an X that answers nothing is asked by a few at a time, and every slot ends when it is back", async () => {
  const ids = ["acme", "bolt", "cora", "dora", "elsa", "fred"];
  const stage = await openEmbedded({ clients: ids, change: { schedule: at("00") } });
  const { services, workspace, tick, sql } = stage;
  await workspace.editClient("fred", { schedule: at("20") });
  services.faults.x = ({ path }) => (path === "/2/users/me" ? undefined : { kind: "reset" });
  await tick();
  expect(sendsOf(stage)).toBe(5);
  const reasons: unknown[] = [];
  const begun = readsOf(stage);
  for (let n = 0; n < 8; n += 1) {
    const [sends, reads] = [sendsOf(stage), readsOf(stage)];
    const { report } = await tick(14);
    reasons.push(...(report?.slots.map(({ reason }) => reason) ?? []));
    expect(sendsOf(stage) - sends, `sends of tick ${n}`).toBeLessThanOrEqual(1);
    expect(readsOf(stage) - reads, `reads of tick ${n}`).toBeLessThanOrEqual(3);
  }
  expect(readsOf(stage) - begun, "each client waits longer after every read").toBeLessThanOrEqual(6 * 3);
  expect(reasons).toContain("X gave no clear answer about 3 other sends, so it was not asked about this one");
  expect(await sql("select 1 as one from clara.breaker where scope = '*x' and opened_at is not null")).toHaveLength(1);

  delete services.faults.x;
  for (let n = 0; n < 12; n += 1) await tick(14);
  const ended = await sql("select distinct state from clara.slot order by state");
  expect(ended.map(({ state }) => state)).toEqual(["missed", "posted"]);
  expect(await sql("select * from clara.breaker where scope = '*x'")).toEqual([]);
  const texts = services.x.posts().map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
});
