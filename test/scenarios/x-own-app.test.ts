import { expect, test } from "vitest";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { stages } from "./whole-tick.ts";

/** What X says of an app, and of an account: whom it keeps waiting, and for how long. */
const open = stages();

const own = { clients: ["acme", "bolt"], ownApp: "acme" };

test.for([
  { when: "is out of credit", fault: xFaults.outOfCredit },
  { when: "is not enrolled", fault: xFaults.clientForbidden },
  { when: "is at its limit", fault: xFaults.tooManyPerDay("app", new Date("2026-11-21T12:00:00Z")) },
])("a client whose own app $when rests alone, and the other posts every slot", async ({ fault }) => {
  const stage = await open(own);
  const { services, clients, tick, slotOf, rows } = stage;
  const [acme, bolt] = clients.map(({ xUserId }) => xUserId);
  services.faults.x = ({ path, account }) => (path === "/2/tweets" && account === acme ? fault : undefined);
  const first = await tick();
  expect(first.report?.totals).toMatchObject({ posted: 1, deferred: 1 });
  expect(slotOf(first)).toMatchObject({ outcome: "deferred" });
  const sends = () => services.x.requests("POST", "/2/tweets");
  expect(slotOf(await tick(10))).toMatchObject({ outcome: "deferred", cause: "backing-off" });
  expect(sends(), "nothing goes out for a client that rests").toBe(2);
  for (let n = 0; n < 10; n += 1) await tick(15);
  expect((await rows("bolt")).map(({ state }) => state)).toEqual(["posted", "posted", "posted"]);
  expect(services.x.posts(bolt)).toHaveLength(3);
  expect(await services.sql("select scope from clara.breaker where scope like '*%'")).toEqual([]);
  expect(await services.sql("select scope from clara.backoff where scope = '*'")).toEqual([]);

  delete services.faults.x;
  expect(slotOf(await tick(150))).toMatchObject({ outcome: "posted" });
  expect(services.x.posts(acme)).toHaveLength(1);
});

test("a full window of the app keeps all away until it resets, and the account's own its client for longer", async () => {
  const schedule = { days: "daily", times: ["09:00"], late: { within: "4h" } };
  const stage = await open({ clients: ["acme", "bolt"], change: { schedule } });
  const { services, clients, tick, slotOf } = stage;
  const [app, account] = [
    xFaults.tooManyPerDay("app", new Date("2026-11-21T09:15:00Z")),
    xFaults.tooManyPerUser(new Date("2026-11-21T12:30:00Z")),
  ];
  const headersOf = (fault: Fault) => (fault.kind === "answer" ? fault.headers : {});
  const both = { ...app, headers: { ...headersOf(account), ...headersOf(app) } } as Fault;
  services.faults.x = ({ path, account, count }) =>
    path === "/2/tweets" && account === clients[0]?.xUserId && count <= 2 ? both : undefined;
  expect(slotOf(await tick())).toMatchObject({ outcome: "deferred", cause: "rate-limited" });
  delete services.faults.x;
  const waits = { cause: "backing-off", reason: expect.stringContaining("until 2026-11-21T12:30") };
  for (const minutes of [15, 60, 60, 65]) expect(slotOf(await tick(minutes))).toMatchObject(waits);
  expect(services.x.posts(clients[1]?.xUserId), "the other one has posted").toHaveLength(1);
  expect(slotOf(await tick(7)), "at 12:31").toMatchObject({ outcome: "posted" });
});
