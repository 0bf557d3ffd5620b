import { expect, test } from "vitest";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { stages } from "./whole-tick.ts";

/** A client with an app of its own: what X says of that app is about this client. */
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
