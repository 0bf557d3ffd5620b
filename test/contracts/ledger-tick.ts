import { expect, test } from "vitest";
import { at, type OpenLedger, runInfo } from "../support/ledger.ts";
import { stepsOf } from "./ledger-steps.ts";

/** What a tick sees when it begins, and leaves when it ends. */
export function tickContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test("an empty ledger knows nothing and halts nothing", async () => {
    const steps = await begin();
    const empty = { clients: new Map(), open: [], unsettled: [] };
    expect(await steps.ledger.readTick({ now: at(0) })).toEqual(empty);
    expect(await steps.openTick()).toEqual(empty);
  });

  test("a tick registers its run once, and its report at the end", async () => {
    const steps = await begin();
    await steps.openTick({ run: "run-7" });
    await steps.openTick({ run: "run-7", now: at(5) });
    expect(await steps.rows("run")).toMatchObject([
      { id: "run-7", commit_sha: "c0ffee", mode: runInfo().mode, finished_at: null, report: null },
    ]);
    await steps.ledger.closeTick({ run: "run-7", now: at(60), report: { posted: 3 } });
    const [run] = await steps.rows("run");
    expect(run).toMatchObject({ report: { posted: 3 } });
    expect(new Date(String(run?.finished_at))).toEqual(at(60));
  });

  test("closing a run that is not there changes nothing", async () => {
    const steps = await begin();
    await steps.openTick({ run: "run-7" });
    const before = await steps.everything();
    await steps.ledger.closeTick({ run: "run-8", now: at(60), report: {} });
    expect(await steps.everything()).toEqual(before);
  });

  test("a halt of all, or else a back-off of all with its end, says why nothing may be sent", async () => {
    const steps = await begin();
    const halted = async (seconds: number) => {
      const { halted: why, restUntil } = await steps.ledger.readTick({ now: at(seconds) });
      return [why, restUntil];
    };
    await steps.sql("insert into clara.backoff values ('*', $1, 'out of credit')", [at(3600).toISOString()]);
    expect(await halted(0)).toEqual(["until 10:00 UTC: out of credit", at(3600)]);
    expect(await halted(3600)).toEqual([undefined, undefined]);
    await steps.sql("insert into clara.halt values ('*', 'a person said stop', now())");
    expect(await halted(0)).toEqual(["a person said stop", undefined]);
  });

  test("a client's halt, back-off and watermark are its own; a back-off that has ended is gone", async () => {
    const steps = await begin();
    await steps.claimAll({ planned: ["acme", "bolt", "cora"], now: at(9) });
    await steps.sql("insert into clara.halt values ('acme', 'lawyers', now())");
    await steps.sql("insert into clara.backoff values ('bolt', $1, 'locked')", [at(60).toISOString()]);
    const { clients } = await steps.ledger.readTick({ now: at(59) });
    const known = { plannedUntil: at(9), accounts: new Map() };
    expect(clients.get("acme")).toEqual({ ...known, halted: "lawyers" });
    expect(clients.get("bolt")).toEqual({ ...known, backoff: { until: at(60), reason: "locked" } });
    expect(clients.get("cora")).toEqual(known);
    expect((await steps.ledger.readTick({ now: at(60) })).clients.get("bolt")).toEqual(known);
  });

  test("a halt of a client that no tick has served yet is known too, once, and not as one of all", async () => {
    const steps = await begin();
    await steps.claimAll({ planned: ["bolt"], now: at(9) });
    await steps.sql(
      "insert into clara.halt values ('acme', 'lawyers', now()), ('bolt', 'too', now()), ('*', 'all', now())",
    );
    const { clients, halted } = await steps.ledger.readTick({ now: at(10) });
    expect([...clients]).toEqual([
      ["bolt", { plannedUntil: at(9), halted: "too", accounts: new Map() }],
      ["acme", { halted: "lawyers", accounts: new Map() }],
    ]);
    expect(halted).toBe("all");
  });

  test("open slots are those that have not ended", async () => {
    const steps = await begin();
    await steps.claimAll({
      deferred: [{ slot: "acme/waits", client: "acme", plannedAt: at(1), reason: "later" }],
      closed: [{ slot: "acme/missed", client: "acme", plannedAt: at(0), outcome: "missed", reason: "late" }],
    });
    await steps.claim({ client: "bolt", leaseSeconds: 60 });
    await steps.send("one text", { client: "cora" });
    await steps.send("a quite different one", { client: "dora" });
    await steps.record("unknown", { client: "dora" });
    const { open: slots } = await steps.ledger.readTick({ now: at(0) });
    const states = slots.map(({ id, state, leaseUntil }) => [id, state, leaseUntil]);
    expect(states.sort()).toEqual([
      ["acme/waits", "waiting", undefined],
      ["bolt/2026-11-21T09:00", "claimed", at(60)],
      ["cora/2026-11-21T09:00", "armed", at(300)],
      ["dora/2026-11-21T09:00", "unknown", undefined],
    ]);
  });

  test("the state that open_tick answers shows the leases it has just taken", async () => {
    const steps = await begin();
    await steps.send("text");
    const { open: slots } = await steps.openTick({ now: at(300), leaseSeconds: 60 });
    expect(slots).toMatchObject([{ state: "armed", leaseUntil: at(360) }]);
  });

  test("read_tick changes nothing and takes nothing, even what lies there unsettled", async () => {
    const steps = await begin();
    await steps.claimAll({ planned: ["acme"] });
    await steps.send("text");
    await steps.record("unknown", { backoff: { scope: "client", until: at(60), reason: "x" } });
    await steps.claim({ client: "bolt", leaseSeconds: 1 });
    const before = await steps.everything();
    expect((await steps.ledger.readTick({ now: at(99_999) })).unsettled).toEqual([]);
    expect(await steps.everything()).toEqual(before);
  });
}
