import { expect, test } from "vitest";
import { admit } from "../src/admit.ts";
import type { OpenSlot, ReserveInput } from "../src/ports.ts";
import type { Client, Draft, Prompt } from "../src/terms.ts";
import { exampleClient, exampleState } from "./due/examples.ts";
import { prices, prompt } from "./generate/fixtures.ts";
import { stages } from "./scenarios/whole-tick.ts";
import { draftOf } from "./support/ledger.ts";
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

/** One due slot of a client, claimed with or without a stored text, and what the ledger was asked to hold. */
async function admitOne(
  fields: Partial<Client>,
  { draft, prompts = [], dryRun = false }: { draft?: Draft; prompts?: readonly Prompt[]; dryRun?: boolean },
) {
  const now = new Date("2026-11-21T09:04:00Z");
  const client = exampleClient({}, fields);
  const slot = { id: "acme/2026-11-21T09:00", client: "acme", plannedAt: now };
  const plan = { due: [{ slot, client, latenessSeconds: 0 }], deferred: [], closed: [], planned: [] };
  const none = { recentTexts: [], recentFallbacks: [], recentLinks: 0 };
  // A dry run claims nothing: all it knows of a text is that the ledger has one.
  const claims = dryRun ? [] : [{ slot: slot.id, fence: 3, ...none, ...(draft && { draft }) }];
  const written: OpenSlot = { ...slot, state: "waiting", ...(draft && { drafted: true }) };
  const asked: ReserveInput[] = [];
  const reserveSlots = async (input: ReserveInput) => {
    asked.push(input);
    return input.slots.map(({ slot }) => ({ slot, granted: true as const }));
  };
  const tick = tickDouble({ now, clients: [client] });
  const workspace = {
    ...tick.workspace,
    prices,
    prompts: new Map(prompts.map((prompt) => [prompt.id, prompt])),
    defaults: { recipients: [], global: client.limits },
  };
  const services = { ...tick.services, ledger: { ...tick.services.ledger, reserveSlots } };
  const state = exampleState({ open: [written] });
  const admitted = await admit({ ...tick, dryRun, workspace, services }, { plan, claims, state });
  return { ...admitted, reserved: asked.flatMap(({ slots }) => slots) };
}

test.for([
  { links: { policy: "deny" }, hasLink: true, xUsd: 0.26 },
  { links: { policy: "allow" }, hasLink: false, xUsd: 0.075 },
] as const)("a stored text holds the price of its own link ($hasLink), whatever its file says by now", async (one) => {
  const { links, hasLink, xUsd } = one;
  const draft = draftOf("stored", { hasLink });
  const { reserved, jobs } = await admitOne({ links }, { draft, prompts: [prompt] });
  expect(reserved).toMatchObject([{ xUsd: expect.closeTo(xUsd), posts: 1, completions: 0, modelUsd: 0 }]);
  expect(jobs).toMatchObject([{ text: { draft } }]);
});

test.for([
  { when: "its prompt is archived", state: "archived", fields: {} },
  { when: "its models have no price", state: "published", fields: { models: ["openai/unknown"] } },
] as const)("a slot whose text is stored needs no model, so it goes on although $when", async ({ state, fields }) => {
  const prompts = [{ ...prompt, state }];
  expect(await admitOne(fields, { prompts })).toMatchObject({ jobs: [], held: [{ cause: "config" }] });
  const admitted = await admitOne(fields, { prompts, draft: draftOf("stored") });
  expect(admitted).toMatchObject({ jobs: [{ text: { draft: { text: "stored" } } }], held: [] });
});

test("a dry run says what would be written", async () => {
  const { jobs, held, reserved } = await admitOne({}, { dryRun: true, prompts: [prompt] });
  expect({ jobs, reserved }).toEqual({ jobs: [], reserved: [] });
  expect(held[0]?.reason).toMatch(/^dry run: would write with prompt .* for \$0\.\d{4} at most$/);
});

test.for([
  { when: "is published", state: "published" },
  { when: "is archived", state: "archived" },
] as const)("a dry run says what is stored, at the price of a link, also where its prompt $when", async ({ state }) => {
  const stored = { dryRun: true, draft: draftOf("stored"), prompts: [{ ...prompt, state }] };
  const { jobs, held, reserved } = await admitOne({}, stored);
  expect({ jobs, reserved }).toEqual({ jobs: [], reserved: [] });
  const reason = "dry run: would send the text that is stored, for $0.2600 at most";
  expect(held).toMatchObject([{ outcome: "deferred", cause: "dry-run", reason }]);
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
    await services.sql(
      `insert into clara.spend (scope, period, usd, posts) values ('acme', '2026-11-${day}', 0.02, 1)`,
    );
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
