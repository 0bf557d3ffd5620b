import { expect, test } from "vitest";
import { stages } from "./whole-tick.ts";

const open = stages();

test("when no model answers several clients, later slots wait instead of being skipped, until one text is written", async () => {
  const daily = (time: string) => ({ schedule: { days: "daily", times: [time], late: { within: "6h" } } });
  const stage = await open({ clients: ["acme", "beta", "gamma", "delta", "emil"], change: daily("09:00") });
  const { services, tick, workspace } = stage;
  for (const late of ["delta", "emil"]) await workspace.editClient(late, daily("09:10"));
  services.faults.model = () => ({ kind: "error", status: 503 });
  expect((await tick()).report?.totals).toMatchObject({ skipped: 3, deferred: 0 });

  const asked = services.model.requests();
  const waiting = await tick(8);
  expect(waiting.report?.totals).toMatchObject({ skipped: 0, deferred: 2 });
  const reasons = waiting.report?.slots.map(({ cause, reason }) => `${cause}: ${reason}`);
  expect(new Set(reasons)).toEqual(
    new Set([expect.stringMatching(/^backing-off: no model answers \(.*503.*, 3 clients in a row; tried again after/)]),
  );
  expect(services.model.requests()).toBe(asked);

  delete services.faults.model;
  const tried = await tick(7);
  expect(tried.report?.totals).toMatchObject({ posted: 1, deferred: 1 });
  expect(await services.sql("select * from clara.breaker")).toEqual([]);
  expect((await tick(1)).report?.totals).toMatchObject({ posted: 1, deferred: 0 });
});

test("one client whose own key is refused never keeps the others from writing", async () => {
  const stage = await open({ clients: ["acme", "beta"] });
  const { services, tick, slotOf } = stage;
  for (const hour of [0, 60, 60, 60]) {
    services.faults.model = () => ({ kind: "error", status: 401 });
    const alone = await tick(hour, { args: ["--client", "acme"] });
    expect(slotOf(alone)).toMatchObject({ outcome: "skipped" });
    delete services.faults.model;
  }
  expect(await services.sql("select failures, until from clara.breaker")).toEqual([{ failures: 1, until: null }]);
  expect(slotOf(await tick(1), "beta")).toMatchObject({ outcome: "posted" });
});
