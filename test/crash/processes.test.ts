import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { startXSandbox, type XSandbox } from "../../src/sandbox/x-server.ts";
import { type StartedCli, startCli } from "../support/cli.ts";
import { distinctText } from "../support/crash-answers.ts";
import { tellCounts } from "../support/crash-counts.ts";
import { compiledOnce, type Lane, openLane } from "../support/crash-lane.ts";
import { secretKey } from "../support/ledger.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { appKeys, createWorkspace, type TestClient, type TestWorkspace } from "../support/workspace.ts";

const clientCount = 500;
const processCount = 8;
const seed = 20_261_121;

let postgres: NativePostgres;
let workspace: TestWorkspace;
let clients: readonly TestClient[];
let lane: Lane;
let model: Awaited<ReturnType<typeof startModelSandbox>>;
let x: XSandbox;
/** Texts that the model has written, three for each completion. */
let texts = 0;
/** The instant of the newest processes; that of X too. */
let nowMs = Date.parse("2026-11-21T09:04:00Z");

beforeAll(async () => {
  [postgres, workspace] = await Promise.all([startPostgres(), createWorkspace()]);
  const schedule = { days: "daily", times: ["09:00"], late: { within: "20h" }, min_gap: "1m" };
  const ids = Array.from({ length: clientCount }, (_, index) => `client-${index + 1}`);
  const made: TestClient[] = [];
  for (const id of ids) made.push(await workspace.addClient(id, { schedule }));
  clients = made;
  lane = await openLane(postgres);
  model = await startModelSandbox({
    faults: ({ path }) => {
      if (path !== "/v1/chat/completions") return undefined;
      return { kind: "texts", texts: [0, 1, 2].map(() => distinctText(texts++)) };
    },
  });
  const byToken = new Map(clients.map((client) => [client.accessToken, { ...client, ...appKeys }]));
  x = await startXSandbox({ clock: () => new Date(nowMs), accounts: (token) => byToken.get(token) });
});
afterAll(async () => {
  for (const server of [x, model, lane]) await server.close();
  await workspace.remove();
  await postgres.stop();
});

test("eight processes at once with random kills post each of 500 due slots exactly once", {
  timeout: 900_000,
}, async () => {
  const startedMs = performance.now();
  const draw = numbersFrom(seed);
  const alive = new Set<StartedCli>();
  let started = 0;
  let killed = 0;
  const fill = () => {
    while (alive.size < processCount) {
      const one = start();
      started += 1;
      alive.add(one);
      void one.finished.then(() => alive.delete(one));
    }
  };
  fill();
  let nextKill = 15 + draw(45);
  let killedAtMs = nowMs;
  while (!(await allEnded())) {
    await sleep(50);
    const isDue = x.posts().length >= nextKill;
    if (isDue && !(await isAnyUnclear(killedAtMs))) {
      const victims = [...alive].filter(() => draw(4) > 0);
      for (const { process } of victims) process.kill("SIGKILL");
      await Promise.all(victims.map(({ finished }) => finished));
      killed += victims.length;
      nextKill = x.posts().length + 15 + draw(45);
      nowMs += leaseMs;
      killedAtMs = nowMs;
    } else if (alive.size === 0) nowMs += leaseMs;
    // Whoever comes now looks once more for what the last kill left unclear.
    else if (isDue && alive.size < processCount) nowMs += 61_000;
    else continue;
    fill();
  }
  await Promise.all([...alive].map(({ finished }) => finished));
  const [counted] = await lane.sql(summarySql);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const told = {
    started,
    killed,
    seconds,
    posts: x.posts().length,
    sends: x.requests("POST", "/2/tweets"),
    completions: texts / 3,
    ...counted,
  };
  const others = await lane.sql("select id, state, reason from clara.slot where state <> 'posted'");
  tellCounts(`eight processes: ${JSON.stringify(told)}`);
  expect(others).toEqual([]);
  const posts = x.posts();
  expect(posts.map(({ xUserId }) => xUserId).sort()).toEqual(clients.map(({ xUserId }) => xUserId).sort());
  expect(counted).toMatchObject({
    slots: clientCount,
    posted: clientCount,
    posts: clientCount,
    held: 0,
    counted: clientCount,
  });
  const rows = await lane.sql("select s.id, d.text from clara.slot s join clara.draft d on d.slot = s.id");
  expect(posts.map(({ text }) => text).sort()).toEqual(rows.map(({ text }) => text).sort());
  // The kills hit processes at work, or nothing was shown.
  expect(killed).toBeGreaterThan(5);
  expect(Number(counted?.retaken)).toBeGreaterThan(0);
});

const summarySql = `
  select count(*)::int as slots, count(*) filter (where state = 'posted')::int as posted,
    count(*) filter (where fence > 1)::int as retaken, (select count(*)::int from clara.post) as posts,
    (select count(*)::int from clara.send) as intents,
    (select sum(held_posts + held_completions + held_usd)::float from clara.spend) as held,
    (select posts from clara.spend where scope = '*' and period = '2026-11-21') as counted
  from clara.slot`;

/** Behind it every lease of those before has ended for those that come, also of the ones that live on. */
const leaseMs = 11 * 60_000;

/** A slot whose first send was lost in the last kill: with its second one lost too it would end as a dead letter, and rightly so. */
async function isAnyUnclear(beforeMs: number): Promise<boolean> {
  const [row] = await lane.sql(
    `select exists (select from clara.slot l join clara.send s on s.slot = l.id
      where l.state in ('armed', 'unknown') and s.armed_at < $1) as unclear`,
    [new Date(beforeMs)],
  );
  return row?.unclear === true;
}

async function allEnded(): Promise<boolean> {
  const [row] = await lane.sql(
    "select count(*)::int as ended from clara.slot where state in ('posted', 'skipped', 'missed', 'dead')",
  );
  return row?.ended === clientCount;
}

function start(): StartedCli {
  return startCli(["run", "--json", "--root", workspace.root, "--now", new Date(nowMs).toISOString()], {
    ...compiledOnce(workspace),
    OPENAI_API_KEY: "test-openai-key",
    OPENAI_BASE_URL: model.url,
    SUPABASE_URL: lane.url,
    SUPABASE_SECRET_KEY: secretKey,
    X_APP_KEY: appKeys.appKey,
    X_APP_SECRET: appKeys.appSecret,
    X_API_URL: x.url,
    CLARA_IDENTITY: workspace.identity,
  });
}

/** Whole numbers below a bound, the same for the same seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
