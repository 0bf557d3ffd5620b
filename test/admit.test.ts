import { expect, test } from "vitest";
import { admit } from "../src/admit.ts";
import type { ReserveInput } from "../src/ports.ts";
import type { Client } from "../src/terms.ts";
import { exampleClient, exampleState } from "./due/examples.ts";
import { stages } from "./scenarios/whole-tick.ts";
import { tickDouble } from "./support/tick.ts";

const open = stages();

test("a slot that another run claimed is left to it", async () => {
  const now = new Date("2026-11-21T09:04:00Z");
  const client = { id: "acme", handle: "acme_demo" } as Client;
  const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: now };
  const plan = { due: [{ slot, client, latenessSeconds: 0 }], deferred: [], closed: [], planned: [] };
  const state = { clients: new Map(), open: [], unsettled: [] };
  const { jobs, held } = await admit(tickDouble({ now, clients: [client] }), { plan, claims: [], state });
  expect(jobs).toEqual([]);
  expect(held).toMatchObject([{ outcome: "deferred", cause: "fence-lost" }]);
});

test("what the budget does not cover is neither written nor sent, and the others are", async () => {
  const { services, workspace, tick, slotOf } = await open({ clients: ["acme", "beta"] });
  await workspace.editClient("acme", { limits: { posts_per_day: 1, completions_per_day: 96, usd_per_month: 50 } });
  await tick();
  const before = services.model.requests();
  const seen = await tick(60);
  expect(slotOf(seen, "acme")).toMatchObject({ outcome: "deferred", cause: "over-budget", costUsd: 0, tokens: 0 });
  expect(slotOf(seen, "beta")).toMatchObject({ outcome: "posted" });
  expect(services.x.posts()).toHaveLength(3);
  // One completion and one moderation, for beta.
  expect(services.model.requests() - before).toBe(2);
});

test("the month's dollars hold back what could cost more than is left", async () => {
  const limits = { posts_per_day: 24, completions_per_day: 96, usd_per_month: 0.03 };
  const { services, tick, slotOf } = await open({ change: { limits } });
  const outcomes: unknown[] = [];
  for (const minutes of [0, 60, 60]) outcomes.push(slotOf(await tick(minutes))?.outcome);
  expect(outcomes.at(-1)).toBe("deferred");
  const [spent] = await services.sql("select sum(model_usd + x_usd)::float8 as usd from clara.slot");
  expect(Number(spent?.usd)).toBeLessThanOrEqual(0.03);
});

test("a slot whose writing is refused after its claim goes back in the call that reserves, with the reason", async () => {
  const now = new Date("2026-11-21T09:04:00Z");
  const client = exampleClient({}, { posts: [] });
  const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: now };
  const plan = { due: [{ slot, client, latenessSeconds: 0 }], deferred: [], closed: [], planned: [] };
  const claims = [{ slot: slot.id, fence: 3, recentTexts: [], recentFallbacks: [], recentLinks: 0 }];
  const asked: ReserveInput[] = [];
  const reserveSlots = async (input: ReserveInput) => {
    asked.push(input);
    return [];
  };
  const tick = tickDouble({ now, clients: [client] });
  const { held, jobs } = await admit(
    {
      ...tick,
      workspace: { ...tick.workspace, prompts: new Map(), defaults: { recipients: [], global: client.limits } },
      services: { ...tick.services, ledger: { ...tick.services.ledger, reserveSlots } },
    },
    { plan, claims, state: exampleState() },
  );
  const reason = "none of the prompts of acme is published";
  expect(jobs).toEqual([]);
  expect(held).toMatchObject([{ outcome: "deferred", cause: "config", reason }]);
  expect(asked.map(({ slots }) => slots)).toEqual([[{ slot: slot.id, fence: 3, refused: reason }]]);
});

test("a run that did not get the slot that is tried says what it waits for", async () => {
  const now = new Date("2026-11-21T09:04:00Z");
  const client = exampleClient();
  const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: now };
  const plan = { due: [{ slot, client, latenessSeconds: 0 }], deferred: [], closed: [], planned: [] };
  const breaker = { scope: "x", state: "half-open", reason: "one post is tried first", clients: [] } as const;
  const state = exampleState({ breakers: [breaker] });
  const { held } = await admit(tickDouble({ now, clients: [client] }), { plan, claims: [], state });
  expect(held).toMatchObject([{ cause: "backing-off", reason: "one post is tried first" }]);
});

test("a client whose day has become dear rests until its next day, and the others post", async () => {
  const { services, tick, slotOf } = await open({ clients: ["acme", "beta"] });
  for (const day of [16, 17, 18, 19, 20]) {
    await services.sql(`insert into clara.spend (scope, period, usd) values ('acme', '2026-11-${day}', 0.02)`);
  }
  await services.sql("insert into clara.spend (scope, period, usd) values ('acme', '2026-11-21', 0.6)");
  const seen = await tick();
  expect(slotOf(seen, "beta")).toMatchObject({ outcome: "posted" });
  expect(slotOf(seen)).toMatchObject({ outcome: "deferred", cause: "backing-off", costUsd: 0, tokens: 0 });
  expect(slotOf(seen)?.reason).toMatch(
    /a usual day costs \$0.02: .*tried again after 2026-11-22 00:00 UTC; "resume acme"/,
  );
  expect(slotOf(await tick(30))).toMatchObject({ outcome: "deferred", reason: slotOf(seen)?.reason });
  expect(slotOf(await tick(14 * 60 + 35))).toMatchObject({ outcome: "posted" });
});
