import { expect, test } from "vitest";
import { admit } from "../src/admit.ts";
import type { Client } from "../src/terms.ts";
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
