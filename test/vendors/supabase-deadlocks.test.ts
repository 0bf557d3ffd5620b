import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { refused, type Steps, stepsOf } from "../contracts/ledger-steps.ts";
import { at, nativeLedgers, wide } from "../support/ledger.ts";

const native = nativeLedgers({ connections: 12 });
const clients = ["acme", "bolt", "cora", "dora", "emil", "fred"];
const days = ["2026-11-30", "2026-12-01"];

interface Held {
  id: string;
  client: string;
  fence: number;
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

function shuffled<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => ({ value, rank: Math.random() }));
  return keyed.sort((one, other) => one.rank - other.rank).map(({ value }) => value);
}

/** Claims, defers and closes, each for other clients, in any order. */
function claimSome(steps: Steps, run: string, newest: number): Promise<unknown> {
  const slots = shuffled(clients).map((client) => {
    const slot = `${client}/${Math.max(0, newest - pick([0, 0, 1, 2]))}`;
    return { slot, client, plannedAt: at(0), minGapSeconds: 0 };
  });
  const deferred = slots.slice(0, 2).map((slot) => ({ ...slot, reason: "later" }));
  const closed = slots.slice(2, 4).map((slot) => ({ ...slot, outcome: "missed" as const, reason: "late" }));
  const planned = shuffled(clients).slice(0, 3);
  return steps.claimAll({ run, now: at(newest), leaseSeconds: 2, due: slots.slice(2), deferred, closed, planned });
}

/** Reserves for several slots, in any order, in months that differ between the client's zone and UTC. */
function reserveSome(steps: Steps, run: string, held: readonly Held[]): Promise<unknown> {
  const worst = { posts: 1, completions: 3, modelUsd: 0.01, xUsd: 0.015 };
  const slots = shuffled(held).map(({ id, client, fence }) => {
    const day = pick(days);
    const dayEndsAt = new Date(Date.parse(day) + 86_400_000);
    return {
      slot: id,
      client,
      fence,
      day,
      month: day.slice(0, 7),
      dayEndsAt,
      ...worst,
      limits: { ...wide, postsPerDay: 40 },
    };
  });
  const day = pick(days);
  return steps.ledger.reserveSlots({ run, now: at(0), slots, global: { ...wide, day, month: day.slice(0, 7) } });
}

/** One later write for one slot, as the run that holds it, or one that lost it, would make. */
function writeOne(steps: Steps, run: string, newest: number, { id: slot, client, fence }: Held): Promise<unknown> {
  const step = { run, slot, client, fence, now: at(newest), leaseSeconds: 2 };
  const backoff = { scope: pick(["client", "all"] as const), until: at(-1), reason: "x" };
  const text = Math.random().toString(36).repeat(2);
  const outcome = pick(["posted", "posted", "skipped", "deferred", "unknown"] as const);
  const rule = {
    reason: "x",
    baseMinutes: 0,
    capMinutes: 0,
    opensAfter: pick([1, 3]),
    severalClients: pick([true, false]),
  };
  const scopes = pick([[], [], [], ["client", "x"], ["x", "model"]] as const);
  const strikes = scopes.map((scope) => ({ scope, cause: pick(["one", "two"]), ...rule }));
  const writes = [
    () => steps.store([text], { ...step, completions: 1, usd: 0.001 }),
    () => steps.arm(step),
    () => steps.record(outcome, { ...step, backoff, strikes, modelAnswered: pick([true, false]), xUsd: 0.001 }),
    () => steps.absent({ ...step, now: at(newest + 60) }),
  ];
  return pick(writes)();
}

interface Walk {
  startedAt: number;
  calls: number;
  isOver: boolean;
}

async function wander(steps: Steps, run: string, walk: Walk): Promise<void> {
  while (!walk.isOver) {
    const newest = Math.floor((Date.now() - walk.startedAt) / 250);
    const held = (await steps.sql(
      "select id, client, fence from clara.slot where state in ('claimed', 'armed', 'unknown') order by random() limit 4",
    )) as unknown as Held[];
    const [one] = held;
    const actions = [
      () => claimSome(steps, run, newest),
      () => steps.openTick({ run, now: at(newest), leaseSeconds: 2 }),
      () => reserveSome(steps, run, held),
      // A breaker that stays half open lets one slot through at a time, so a person ends it now and then.
      () => steps.sql("select public.release_scope($1, now())", [pick(["*", ...clients])]),
      () => (one ? writeOne(steps, run, newest, one) : Promise.resolve()),
      () => (one ? writeOne(steps, run, newest, one) : Promise.resolve()),
    ];
    await pick(actions)().catch(refused);
    walk.calls += 1;
  }
}

/** Twelve seconds, and on a busy machine as long as it takes until enough has happened. */
async function endWhenEnough(steps: Steps, walk: Walk): Promise<void> {
  for (;;) {
    await sleep(500);
    const seconds = (Date.now() - walk.startedAt) / 1000;
    const posts = (await steps.rows("post")).length;
    walk.isOver = seconds > 100 || (seconds > 12 && walk.calls > 500 && posts > 5);
    if (walk.isOver) return;
  }
}

async function deadlocks(): Promise<number> {
  const statement = "select deadlocks::int as count from pg_stat_database where datname = current_database()";
  const [row] = await native.session().transaction((query) => query(statement));
  return Number(row?.count);
}

const mixed = "mixed calls of 12 runs never deadlock, and every hold and every post is accounted for";
test(mixed, { timeout: 150_000 }, async () => {
  const steps = stepsOf(await native.open());
  const walk: Walk = { startedAt: Date.now(), calls: 0, isOver: false };
  const runs = Array.from({ length: 12 }, (_, n) => wander(steps, `run-${n}`, walk));
  await Promise.all([...runs, endWhenEnough(steps, walk)]);
  expect(walk.calls).toBeGreaterThan(500);
  // A session hands in its statistics when it has been idle for a moment.
  await sleep(1500);
  expect(await deadlocks()).toBe(0);
  const [sums] = await steps.sql(`
    select (select coalesce(sum(held_posts), 0)::int from clara.spend where scope = '*' and length(period) = 7) as held,
      (select coalesce(sum(posts), 0)::int from clara.hold) as holds,
      (select count(*)::int from clara.slot where state = 'posted') as posted,
      (select count(*)::int from clara.post) as posts`);
  expect(sums?.held).toBe(sums?.holds);
  expect(sums?.posted).toBe(sums?.posts);
  expect(sums?.posts).toBeGreaterThan(5);
});

test("a slot that is closed while its late run reserves for it: one waits for the other", async () => {
  const steps = stepsOf(await native.open());
  await steps.claim();
  await steps.reserve();
  const closed = [
    { slot: "acme/2026-11-21T09:00", client: "acme", plannedAt: at(0), outcome: "missed" as const, reason: "late" },
  ];
  const both = await native.session().transaction(async (query) => {
    // With spend locked from here, both get as far as they can before either gets on.
    await query("select 1 from clara.spend for update");
    const late = steps.reserve();
    await blocked(1);
    const closing = steps.claimAll({ run: "run-2", now: at(300), closed });
    await blocked(2);
    return Promise.all([late, closing].map((call) => Promise.resolve({ call })));
  });
  const [late, closing] = await Promise.all(both.map(({ call }) => call));
  expect(late).toMatchObject({ granted: true });
  expect(closing).toEqual([]);
  expect(await steps.slotRow()).toMatchObject({ state: "missed" });
  expect(await steps.rows("hold")).toEqual([]);
});

/** Waits until so many sessions wait for a lock. */
async function blocked(count: number): Promise<void> {
  const statement = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  while ((await native.session().transaction((query) => query(statement))).length < count) await sleep(10);
}
