import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { runCli, runTickCli } from "../support/cli.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { startServices, type TestServices } from "../support/services.ts";
import { createWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** How posting stops and comes back, told by the real command line against every outside service on loopback. */
let postgres: NativePostgres;
let workspace: TestWorkspace;
let services: TestServices;
let nowMs: number;

const clients = ["acme", "beta", "gamma", "delta"];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  nowMs = Date.parse("2026-11-21T09:04:00Z");
  workspace = await createWorkspace();
  const schedule = { days: "daily", times: ["09:00"], late: { within: "6h" } };
  const accounts = [];
  for (const id of clients) accounts.push(await workspace.addClient(id, { schedule }));
  services = await startServices({ postgres, workspace, clients: accounts, clock: () => new Date(nowMs) });
});
afterEach(async () => {
  await services.close();
  await workspace.remove();
});

const at = (minutes = 0) => {
  nowMs += minutes * 60_000;
  return ["--root", workspace.root, "--now", new Date(nowMs).toISOString()];
};
const tick = (minutesLater: number) => runTickCli(at(minutesLater), services.environment);
const sends = () => services.x.requests("POST", "/2/tweets");
const withoutCredits = () => {
  services.faults.x = ({ method, path }) =>
    method === "POST" && path === "/2/tweets" ? xFaults.outOfCredit : undefined;
};

test("without credits nothing is sent; after the wait one post is tried, and when it is out, all go on", async () => {
  withoutCredits();
  expect(await tick(0)).toMatchObject({ code: 0, totals: { posted: 0, deferred: 4 } });
  const [asked, written] = [sends(), services.model.requests()];

  const resting = await tick(55);
  expect(resting).toMatchObject({ code: 0, totals: { posted: 0, deferred: 4 } });
  expect(new Set(resting.slots.map(({ cause, reason }) => `${cause}: ${reason}`))).toEqual(
    new Set([
      expect.stringMatching(
        /^backing-off: X answered 402.*buy credits.*; since 2026-11-21 09:04 UTC; tried again after 2026-11-21 10:\d\d UTC; "resume" ends the wait$/,
      ),
    ]),
  );
  expect(sends()).toBe(asked);

  delete services.faults.x;
  const tried = await tick(22);
  expect(tried).toMatchObject({ code: 0, totals: { posted: 1, deferred: 3 } });
  const held = tried.slots.filter(({ outcome }) => outcome === "deferred");
  expect(new Set(held.map(({ reason }) => reason))).toEqual(
    new Set([expect.stringContaining("; one post is tried first;")]),
  );
  expect(await tick(1)).toMatchObject({ code: 0, totals: { posted: 3, deferred: 0 } });
  expect(services.x.posts()).toHaveLength(4);
  // Texts that were written before the wait are used: not one more completion was paid for than there are posts.
  expect(services.model.requests()).toBe(Math.max(written, 2 * clients.length));
});

test("an operator who bought credits resumes, and the next tick serves everybody", async () => {
  withoutCredits();
  await tick(0);
  delete services.faults.x;
  const resumed = await runCli(["resume", ...at(1)], services.environment);
  expect(resumed).toMatchObject({ code: 0 });
  expect(resumed.stdout).toMatch(
    /^There was no halt of everything\.\nEnded the wait since 2026-11-21 09:04 UTC: X answered 402.*buy credits/,
  );
  expect(await tick(1)).toMatchObject({ code: 0, totals: { posted: 4 } });
});
