import { expect, test } from "vitest";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { embeddedStages, statesOf, timelineOf } from "./embedded-tick.ts";

/** One account whose timeline gives no answer: what its reads cost, and how it comes back. */
const openEmbedded = embeddedStages();

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
