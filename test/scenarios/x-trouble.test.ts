import { expect, test } from "vitest";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { type Stage, stages } from "./whole-tick.ts";

/** Failures of X that concern more than the answer to one send. */
const open = stages();

const three = { clients: ["acme", "beta", "gamma"] };

/** Breaks what one account asks of one endpoint, until it is lifted. */
function breakX(
  { services, clients }: Stage,
  fault: Fault,
  { path = "/2/tweets", client }: { path?: string; client?: string } = {},
) {
  const account = clients.find(({ id }) => id === client)?.xUserId;
  services.faults.x = (request) =>
    request.path.endsWith(path) && (account === undefined || request.account === account) ? fault : undefined;
}

test("credits that run out stop every client for an hour or more, then one is tried, and nothing is lost", async () => {
  const stage = await open({
    ...three,
    change: { schedule: { days: "daily", times: ["09:00"], late: { within: "2h" } } },
  });
  const { services, tick } = stage;
  breakX(stage, xFaults.outOfCredit);
  const first = await tick();
  expect(first).toMatchObject({ code: 0, report: { totals: { posted: 0, deferred: 3 } } });
  expect(first.report?.slots.map(({ nextAction }) => nextAction).join()).toContain("credit");
  const sends = services.x.requests("POST", "/2/tweets");

  delete services.faults.x;
  const halted = await tick(30);
  const reasons = halted.report?.slots.map(({ reason }) => reason) ?? [];
  expect(reasons).toEqual(Array(3).fill(expect.stringContaining("buy credits")));
  expect(new Set(reasons).size).toBe(1);
  expect(services.x.requests("POST", "/2/tweets")).toBe(sends);
  expect(await tick(46)).toMatchObject({ code: 0, report: { totals: { posted: 1, deferred: 2 } } });
  expect(await tick(1)).toMatchObject({ code: 0, report: { totals: { posted: 2 } } });
});

test("while X waits for credit, clients that are set to rehearsal are written for, and prove nothing to X", async () => {
  const stage = await open({
    ...three,
    change: { schedule: { days: "daily", times: ["09:00", "10:30"], late: { within: "2h" } } },
  });
  breakX(stage, xFaults.outOfCredit);
  expect(await stage.tick()).toMatchObject({ report: { totals: { deferred: 3 } } });
  for (const id of ["acme", "beta"]) await stage.workspace.editClient(id, { status: "rehearsal" });
  const outcomes = async (minutes: number) => {
    const { report } = await stage.tick(minutes);
    return Object.fromEntries(report?.slots.map(({ client, outcome, cause }) => [client, `${outcome} ${cause}`]) ?? []);
  };
  const rehearsed = { acme: "skipped rehearsal", beta: "skipped rehearsal" };
  expect(await outcomes(1)).toEqual({ ...rehearsed, gamma: "deferred backing-off" });
  await stage.workspace.editClient("gamma", { status: "paused" });
  // X would be tried now, and there is nobody whom it could be tried with.
  expect(await outcomes(90)).toEqual({ ...rehearsed, gamma: "skipped undefined" });
  expect(await stage.services.sql("select probe from clara.breaker where scope = '*x'")).toEqual([{ probe: null }]);
  expect(stage.services.x.posts()).toEqual([]);
});

test("a refused token holds back its own client, and the others post", async () => {
  const stage = await open(three);
  breakX(stage, xFaults.unauthorized, { client: "beta" });
  const { report, code } = await stage.tick();
  expect(code).toBe(0);
  expect(report?.totals).toMatchObject({ posted: 2, deferred: 1, failed: 1 });
  expect(stage.slotOf({ report } as never, "beta")).toMatchObject({
    cause: "credentials",
    reason: expect.stringContaining("seal a new one"),
  });
  delete stage.services.faults.x;
  expect((await stage.tick(10)).report?.slots).toEqual([
    expect.objectContaining({ client: "beta", outcome: "deferred", cause: "backing-off" }),
  ]);
  expect((await stage.tick(28)).report?.totals).toMatchObject({ posted: 1 });
});

test("tokens of three clients that are refused one after another stop the others too, and one post brings all back", async () => {
  const stage = await open({
    clients: ["acme", "beta", "gamma", "delta"],
    change: { schedule: { days: "daily", times: ["09:00"], late: { within: "2h" } } },
  });
  const refused = new Set(stage.clients.slice(0, 3).map(({ xUserId }) => xUserId));
  stage.services.faults.x = ({ path, account = "" }) =>
    path === "/2/tweets" && refused.has(account) ? xFaults.unauthorized : undefined;
  // The fourth comes due a minute later: in the same tick it might post before the third was refused.
  const later = { days: "daily", times: ["09:05"], late: { within: "2h" } };
  await stage.workspace.editClient("delta", { schedule: later });
  expect((await stage.tick()).report?.totals).toMatchObject({ posted: 0, deferred: 3 });
  expect(stage.slotOf(await stage.tick(1), "delta")).toMatchObject({
    cause: "backing-off",
    reason: expect.stringMatching(/^X refuses one client after another: .*3 clients in a row/),
  });
  const tried = await stage.tick(19);
  expect(stage.slotOf(tried, "delta")).toMatchObject({ outcome: "posted" });
  expect(tried.report?.totals).toMatchObject({ posted: 1, deferred: 3 });
  delete stage.services.faults.x;
  expect((await stage.tick(20)).report?.totals).toMatchObject({ posted: 3 });
});

test("a credential of another account posts nothing and is a dead letter for a person", async () => {
  const stage = await open(three);
  breakX(
    stage,
    { kind: "wrong-account", xUserId: "999", handle: "somebody_else" },
    { path: "/2/users/me", client: "acme" },
  );
  const seen = await stage.tick();
  expect(seen).toMatchObject({ code: 1, report: { totals: { posted: 2, dead: 1 } } });
  expect(stage.slotOf(seen)).toMatchObject({ cause: "wrong-account", reason: expect.stringContaining("X user 999") });
  expect(stage.services.x.posts("1000001")).toEqual([]);
  expect(await stage.tick(15)).toMatchObject({ code: 0, report: { slots: [] } });
  // The credential may be right now, but only a person can say so: the client rests, and the others post.
  delete stage.services.faults.x;
  const rested = await stage.tick(45);
  expect(rested).toMatchObject({ code: 0, report: { totals: { posted: 2, deferred: 1 } } });
  expect(stage.slotOf(rested)).toMatchObject({ cause: "backing-off", reason: expect.stringContaining("X user 999") });
  await stage.services.sql("select public.release_scope('acme', '2026-11-21T10:04:00Z')");
  expect(await stage.tick(1)).toMatchObject({ code: 0, report: { totals: { posted: 1 } } });
});

test.for([
  { answer: "503", fault: xFaults.serverError(503, false), cause: "unavailable" },
  { answer: "429", fault: xFaults.tooManyWithoutHeaders, cause: "rate-limited" },
  { answer: "401", fault: xFaults.unauthorized, cause: "credentials" },
  { answer: "402", fault: xFaults.outOfCredit, cause: "out-of-credit" },
])("nothing is sent while users/me answers $answer, and the slot waits", async ({ fault, cause }) => {
  const stage = await open();
  breakX(stage, fault, { path: "/2/users/me" });
  expect(stage.slotOf(await stage.tick())).toMatchObject({ outcome: "deferred", cause });
  expect(stage.services.x.requests("POST", "/2/tweets")).toBe(0);
  expect(await stage.rows()).toMatchObject([{ state: "waiting", sends: 0 }]);
});

test("while X cannot be reached the written text waits, and later goes out as it was", async () => {
  const { services, tick, slotOf } = await open();
  const away = await tick(0, { environment: { X_API_URL: "http://127.0.0.1:9" } });
  expect(slotOf(away)).toMatchObject({ outcome: "deferred", cause: "unavailable" });
  const asked = services.model.requests();
  expect(slotOf(await tick(5))).toMatchObject({ outcome: "posted", text: slotOf(away)?.text });
  expect(services.model.requests()).toBe(asked);
});

test("a post that the timeline does not show is not made twice: X's refusal of the same text proves it", async () => {
  const { services, tick, slotOf } = await open();
  services.faults.x = ({ method, path, count }) => {
    if (method === "POST" && path === "/2/tweets" && count === 1) return { kind: "lost-answer" };
    return path.endsWith("/tweets") && method === "GET"
      ? { kind: "answer", done: false, status: 200, body: { meta: { result_count: 0 } } }
      : undefined;
  };
  expect(slotOf(await tick())).toMatchObject({ outcome: "unknown" });
  expect(slotOf(await tick(15))).toMatchObject({ outcome: "unknown" });
  expect(slotOf(await tick(15))).toMatchObject({
    outcome: "posted",
    reason: expect.stringContaining("already posted"),
  });
  expect(services.x.posts()).toHaveLength(1);
  expect(services.x.requests("POST", "/2/tweets")).toBe(2);
});

test("a send that nobody can look up for a day becomes a dead letter, and nothing is sent on suspicion", async () => {
  const stage = await open({ change: { schedule: { days: "daily", times: ["09:00"], late: { within: "30m" } } } });
  breakX(stage, { kind: "lost-answer" });
  await stage.tick();
  breakX(stage, xFaults.serverError(503, false), { path: "/tweets" });
  expect(stage.slotOf(await stage.tick(60))).toMatchObject({
    outcome: "unknown",
    reason: expect.stringContaining("not settled so far"),
  });
  const last = await stage.tick(24 * 60);
  expect(last.code).toBe(1);
  expect(last.report?.slots).toContainEqual(
    expect.objectContaining({ slot: "acme/2026-11-21T09:00", outcome: "dead" }),
  );
  expect(stage.services.x.posts()).toHaveLength(1);
  expect(stage.services.x.requests("POST", "/2/tweets")).toBe(1);
});

test("a slot that became too late while its send was unclear is missed, not sent late", async () => {
  const stage = await open({ change: { schedule: { days: "daily", times: ["09:00"], late: { within: "20m" } } } });
  breakX(stage, { kind: "reset" });
  await stage.tick();
  delete stage.services.faults.x;
  await stage.tick(15);
  expect(stage.slotOf(await stage.tick(15))).toMatchObject({
    outcome: "missed",
    reason: expect.stringContaining("too late"),
  });
  expect(stage.services.x.posts()).toEqual([]);
});
