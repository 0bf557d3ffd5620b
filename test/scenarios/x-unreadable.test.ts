import { expect, test } from "vitest";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { embeddedStages, statesOf, timelineOf } from "./embedded-tick.ts";
import type { Stage } from "./whole-tick.ts";

/** Reads that X does not answer: for one account, which is nobody else's affair, or for all. */
const openEmbedded = embeddedStages();

const hours = ["09", "10", "11", "12", "13"];
const at = (minute: string) => ({
  days: "daily",
  times: hours.map((hour) => `${hour}:${minute}`),
  late: { within: "20m" },
});
const sendsOf = ({ services }: Stage) => services.x.requests("POST", "/2/tweets");
const readsOf = ({ services, clients }: Stage) =>
  clients.reduce((sum, { xUserId }) => sum + services.x.requests("GET", timelineOf(xUserId)), 0);

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
