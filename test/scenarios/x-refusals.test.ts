import { expect, test } from "vitest";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { runCli } from "../support/cli.ts";
import { type Stage, stages } from "./whole-tick.ts";

/** Answers of X that say little, through whole ticks: what they may not cost is a second post, or every client's slots. */
const open = stages();

const times = ["09:00", "10:00", "11:00", "12:00"];
const four = {
  clients: ["acme", "beta", "gamma", "delta"],
  change: { schedule: { days: "daily", times, late: { within: "2h" } } },
};

/** Breaks every send until it is lifted. */
function breakSends({ services }: Stage, fault: Fault) {
  services.faults.x = ({ method, path }) => (method === "POST" && path === "/2/tweets" ? fault : undefined);
}

const sendsOf = ({ services }: Stage) => services.x.requests("POST", "/2/tweets");
const readsOf = ({ services, clients }: Stage) =>
  clients.reduce((sum, { xUserId }) => sum + services.x.requests("GET", `/2/users/${xUserId}/tweets`), 0);

async function countStates({ services }: Stage): Promise<Record<string, number>> {
  const rows = await services.sql("select state, count(*)::int as n from clara.slot group by state");
  return Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)]));
}

async function tickEveryQuarter(stage: Stage, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await stage.tick(15);
}

async function expectOnePostPerSlot({ services }: Stage): Promise<void> {
  const texts = services.x.posts().map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
  const [row] = await services.sql("select count(*)::int as n from clara.slot where state = 'posted'");
  expect(texts.length).toBeLessThanOrEqual(Number(row?.n));
}

test.for([404, 408, 409, 413, 425, 499])(
  "a post that is hidden behind %i is looked for and found, and nothing is sent or written again",
  async (status) => {
    const stage = await open();
    breakSends(stage, { kind: "answer", done: true, status, contentType: "text/html", body: "<h1>no</h1>" });
    expect(stage.slotOf(await stage.tick())).toMatchObject({ outcome: "unknown", cause: "outcome-unknown" });
    const asked = stage.services.model.requests();
    expect(stage.slotOf(await stage.tick(15))).toMatchObject({ outcome: "posted" });
    expect([sendsOf(stage), stage.services.x.posts().length, stage.services.model.requests()]).toEqual([1, 1, asked]);
  },
);

test("a dead letter whose send a proxy gave up on is not sent again by a retry", async () => {
  const schedule = { days: "daily", times: ["09:00"], late: { within: "30m" } };
  const stage = await open({ change: { schedule } });
  const slot = "acme/2026-11-21T09:00";
  breakSends(stage, xFaults.proxyTimeout);
  await stage.tick();
  stage.services.faults.x = ({ path }) => (path.endsWith("/tweets") ? xFaults.serverError(503, false) : undefined);
  expect((await stage.tick(25 * 60)).report?.slots).toContainEqual(expect.objectContaining({ slot, outcome: "dead" }));
  delete stage.services.faults.x;
  const words = ["--root", stage.workspace.root, "--now", "2026-11-22T10:10:00Z"];
  const retried = await runCli(["retry", slot, ...words], stage.services.environment);
  expect(retried).toMatchObject({ code: 1, stdout: expect.stringContaining("its text may have reached X") });
  await stage.tick(15);
  expect(stage.services.x.posts()).toHaveLength(1);
});

test("while a page before X turns every send away, no slot dies, few are tried, and the kept texts go out after it", async () => {
  const stage = await open(four);
  const { services, tick } = stage;
  breakSends(stage, xFaults.edgeForbidden);
  await tick();
  const written = services.model.requests();
  await tickEveryQuarter(stage, 6);
  expect(services.model.requests(), "one text for each client").toBe(written);
  // Four at once; then one for each wait of 15 minutes or more, twice as long each time.
  expect(sendsOf(stage)).toBeLessThanOrEqual(6);
  expect(await countStates(stage)).not.toHaveProperty("dead");
  expect((await stage.rows())[0]).toMatchObject({ slot: "acme/2026-11-21T09:00", state: "unknown", posts: 0 });

  delete services.faults.x;
  await tickEveryQuarter(stage, 10);
  expect(services.x.posts().length).toBeGreaterThanOrEqual(4);
  expect(await countStates(stage)).not.toHaveProperty("dead");
  await expectOnePostPerSlot(stage);
});

test("an X that answers 503 for an hour is left alone but for one send at a time, and every slot ends", async () => {
  const stage = await open(four);
  breakSends(stage, xFaults.serverError(503, false));
  await stage.tick();
  const [first, reads] = [sendsOf(stage), readsOf(stage)];
  await stage.tick(1);
  expect(readsOf(stage), "settling goes on while X rests").toBe(reads + first);
  await tickEveryQuarter(stage, 3);
  expect(sendsOf(stage) - first, "tried after 10 minutes or more, and after 20").toBe(2);

  delete stage.services.faults.x;
  await tickEveryQuarter(stage, 16);
  const { dead = 0, missed = 0, posted = 0 } = await countStates(stage);
  expect(dead, "no more than were tried").toBeLessThanOrEqual(2);
  expect(dead + missed + posted, "every slot has ended").toBe(16);
  expect(posted, "the last two of every client at least").toBeGreaterThanOrEqual(8);
  await expectOnePostPerSlot(stage);
});

test("posts that are public behind a 503 are found while X rests", async () => {
  const stage = await open(four);
  breakSends(stage, xFaults.serverError(503, true));
  expect((await stage.tick()).report?.totals).toMatchObject({ posted: 0 });
  const sent = sendsOf(stage);
  const { report } = await stage.tick(5);
  expect(report?.totals).toMatchObject({ posted: sent });
  expect([sendsOf(stage), stage.services.x.posts().length]).toEqual([sent, sent]);
});

test("a client whose texts X refuses without a word of why rests longer each time, and another one posts", async () => {
  const stage = await open({ ...four, clients: ["acme", "beta"] });
  const { services, clients, tick, slotOf } = stage;
  services.faults.x = ({ method, account }) =>
    method === "POST" && account === clients[0]?.xUserId ? xFaults.notPermitted : undefined;
  expect(slotOf(await tick())).toMatchObject({ outcome: "dead", reason: expect.stringMatching(/locked.*daily limit/) });
  await tickEveryQuarter(stage, 12);
  const rests = slotOf(await tick(10));
  expect(rests).toMatchObject({ cause: "backing-off", reason: expect.stringMatching(/locked.*3 times in a row/) });
  const states = (await stage.rows()).map(({ state }) => state);
  expect(states.filter((state) => state === "dead")).toHaveLength(3);
  expect(services.x.posts(clients[1]?.xUserId)).toHaveLength(4);
});

test("when X refuses one client after another without a word of why, all rest, and one is tried", async () => {
  const stage = await open(four);
  breakSends(stage, xFaults.notPermitted);
  await stage.tick();
  await tickEveryQuarter(stage, 12);
  expect((await countStates(stage)).dead).toBeLessThanOrEqual(7);
  expect(sendsOf(stage)).toBeLessThanOrEqual(7);
});

test("another account's credential costs one text and one read, until a person has seen to it and resumes", async () => {
  const stage = await open(four);
  const { services, tick, slotOf, workspace } = stage;
  services.faults.x = ({ path, account }) =>
    path === "/2/users/me" && account === stage.clients[0]?.xUserId
      ? { kind: "wrong-account", xUserId: "999", handle: "somebody_else" }
      : undefined;
  expect(slotOf(await tick())).toMatchObject({ outcome: "dead", cause: "wrong-account" });
  const reads = services.x.requests("GET", "/2/users/me");
  const asked = services.model.requests();
  await tick(60);
  await tick(60);
  expect(services.x.requests("GET", "/2/users/me")).toBe(reads);
  expect(services.model.requests() - asked, "for each of the three others two texts, and a check of each").toBe(12);
  const reason = /X user 999, but acme is X user 1000001: .*"resume acme" ends the wait$/;
  expect(slotOf(await tick(1))).toMatchObject({
    outcome: "deferred",
    cause: "backing-off",
    reason: expect.stringMatching(reason),
  });
  expect((await stage.rows()).filter(({ state }) => state === "dead")).toHaveLength(1);

  delete services.faults.x;
  const words = ["--root", workspace.root, "--now", "2026-11-21T11:06:00Z"];
  expect(await runCli(["resume", "acme", ...words], services.environment)).toMatchObject({ code: 0 });
  expect(slotOf(await tick(2))).toMatchObject({ outcome: "posted" });
});
