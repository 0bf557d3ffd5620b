import { describe, expect, test } from "vitest";
import { breaker, restsUntil, rule, sendAt } from "../contracts/ledger-breakers.ts";
import { stepsOf } from "../contracts/ledger-steps.ts";
import { distinctText } from "../support/crash-answers.ts";
import { at, nativeLedgers } from "../support/ledger.ts";

const native = nativeLedgers({ connections: 20 });
const begin = async () => stepsOf(await native.open());

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ value }) => value);
}

const clients = times(50, (n) => `client-${n}`);
const slotOf = (client: string) => ({ slot: `${client}/1`, client, plannedAt: at(0), minGapSeconds: 0 });

describe("runs that race", () => {
  test("of 20 that want the same 50 slots, in any order, each slot is won once", async () => {
    const steps = await begin();
    const runs = times(20, (n) => steps.claimAll({ run: `run-${n}`, due: shuffled(clients).map(slotOf) }));
    const won = (await Promise.all(runs)).flat();
    expect(won.map(({ slot }) => slot).sort()).toEqual(clients.map((client) => `${client}/1`).sort());
    expect(won.every(({ fence }) => fence === 1)).toBe(true);
  });

  test("of 20 that want one slot each of the same client, one wins", async () => {
    const steps = await begin();
    const runs = times(20, (n) => steps.claim({ run: `run-${n}`, slot: `acme/${n}` }));
    expect((await Promise.all(runs)).filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  test("of 20 that open a tick, one gets the unsettled send", async () => {
    const steps = await begin();
    await steps.send("text");
    const ticks = await Promise.all(times(20, (n) => steps.openTick({ run: `run-${n}`, now: at(300) })));
    expect(ticks.flatMap(({ unsettled }) => unsettled)).toMatchObject([{ fence: 2 }]);
  });

  test.for([
    { what: "the client's posts", limits: { postsPerDay: 7 } },
    { what: "everybody's posts", global: { postsPerDay: 7 } },
    { what: "everybody's dollars", global: { usdPerMonth: 7 * 0.025 } },
  ])("of 40 slots that reserve, 7 fit the limit of $what", async ({ limits, global }) => {
    const steps = await begin();
    const slots = limits ? times(40, (n) => ({ client: "acme", slot: `acme/${n}` })) : clients.slice(0, 40).map(slotOf);
    // The client's own slots stand in flight together here, which claims never allow: the budget must hold without them.
    for (const step of slots) {
      await steps.claim(step);
      if (limits) await steps.sql("update clara.slot set lease_until = 'epoch' where state = 'claimed'");
    }
    const answers = await Promise.all(
      slots.map((step) => steps.reserve({ ...step, ...(limits && { limits }), ...(global && { global }) })),
    );
    expect(answers.filter(({ granted }) => granted)).toHaveLength(7);
    expect((await steps.rows("spend")).filter(({ scope }) => scope === "*")).toMatchObject([
      { held_posts: 7, held_usd: 0.175 },
      { held_posts: 7, held_usd: 0.175 },
    ]);
  });

  test("of 20 clients that store the same text, one stores it, and each other is told which slot has it", async () => {
    const steps = await begin();
    const some = clients.slice(0, 20);
    await steps.claimAll({ due: some.map(slotOf) });
    const text = "Our autumn tea is here: smoky, slow and made for long evenings.";
    const answers = await Promise.all(some.map((client) => steps.store([text], slotOf(client))));
    const [winner] = (await steps.rows("draft")).map(({ slot }) => slot);
    expect(answers.filter(({ stored }) => stored === 0)).toHaveLength(1);
    const losers = answers.filter(({ stored }) => stored === undefined);
    expect(losers.map(({ similarTo }) => similarTo)).toEqual(times(19, () => [{ candidate: 0, slot: winner }]));
  });

  test("of 20 that find X's breaker half open, one gets one slot, and its post opens the way for all", async () => {
    const steps = await begin();
    await sendAt(steps, { client: "zoe", seconds: 0, strikes: [rule()] });
    const now = at(await restsUntil(steps, "*x"));
    const runs = times(20, (n) => steps.claimAll({ run: `run-${n}`, now, due: shuffled(clients).map(slotOf) }));
    const won = (await Promise.all(runs)).flat();
    expect(won).toHaveLength(1);
    const states = await steps.sql("select state, count(*)::int as slots from clara.slot group by 1 order by 1");
    expect(states).toEqual([
      { state: "claimed", slots: 1 },
      { state: "waiting", slots: 50 },
    ]);
    const [slot = ""] = won.map((claim) => claim.slot);
    const tried = { ...slotOf(slot.replace("/1", "")), now };
    await steps.store(["a text"], tried);
    expect(await steps.arm(tried)).toEqual({ armed: true });
    await steps.record("posted", { ...tried, postId: "1" });
    const after = times(20, (n) => steps.claimAll({ run: `run-${n}`, now, due: shuffled(clients).map(slotOf) }));
    expect((await Promise.all(after)).flat()).toHaveLength(49);
  });

  test("of 20 slots at work when X's breaker becomes half open, one may send", async () => {
    const steps = await begin();
    const some = clients.slice(0, 20);
    await steps.claimAll({ due: some.map(slotOf), leaseSeconds: 7200 });
    for (const [index, client] of some.entries()) {
      await steps.store([distinctText(index)], { ...slotOf(client), leaseSeconds: 7200 });
    }
    await sendAt(steps, { client: "zoe", seconds: 0, strikes: [rule()] });
    const now = at(await restsUntil(steps, "*x"));
    const answers = await Promise.all(some.map((client) => steps.arm({ ...slotOf(client), now })));
    expect(answers.filter(({ armed }) => armed)).toHaveLength(1);
    expect(answers.filter((answer) => !answer.armed && answer.why === "backing-off")).toHaveLength(19);
  });

  test("of 20 clients that X refuses at once, the first opens the breaker, and the streak counts one", async () => {
    const steps = await begin();
    const some = clients.slice(0, 20);
    await steps.claimAll({ due: some.map(slotOf) });
    const strikes = [rule()];
    await Promise.all(some.map((client) => steps.record("deferred", { ...slotOf(client), strikes })));
    expect(await breaker(steps, "*x")).toMatchObject({ failures: 1, opened_at: expect.any(String) });
  });

  test("of 20 different clients that fail together, each counts once", async () => {
    const steps = await begin();
    const some = clients.slice(0, 20);
    await steps.claimAll({ due: some.map(slotOf) });
    const strikes = [rule({ opensAfter: 20, severalClients: true })];
    await Promise.all(some.map((client) => steps.record("deferred", { ...slotOf(client), strikes })));
    const row = await breaker(steps, "*x");
    expect(row).toMatchObject({ failures: 20, opened_at: expect.any(String) });
    expect(new Set(row?.clients as string[])).toEqual(new Set(some));
  });

  test("of 20 that arm the same slot, one may send", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.store(["text"]);
    const answers = await Promise.all(times(20, () => steps.arm()));
    expect(answers.filter(({ armed }) => armed)).toHaveLength(1);
    expect(await steps.rows("send")).toHaveLength(1);
  });

  test("of 20 that record different outcomes, one stands, and it is counted once", async () => {
    const steps = await begin();
    await steps.claim();
    await steps.reserve();
    await steps.store(["text"]);
    await steps.arm();
    const outcomes = times(20, (n) => (n % 2 ? ("posted" as const) : ("dead" as const)));
    const answers = await Promise.all(outcomes.map((outcome) => steps.record(outcome, { postId: "1", xUsd: 0.015 })));
    const { state } = await steps.slotRow();
    expect(answers).toEqual(outcomes.map((outcome) => outcome === state));
    expect((await steps.rows("spend"))[0]).toMatchObject({ usd: 0.015, held_usd: 0 });
  });
});
