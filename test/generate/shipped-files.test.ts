import { beforeAll, expect, test } from "vitest";
import { loadWorkspace } from "../../src/clients/load.ts";
import { worstCase } from "../../src/gate/cost.ts";
import { checkText, normaliseText } from "../../src/generate/checks/check.ts";
import { similarity } from "../../src/generate/checks/similarity.ts";
import { planWriting } from "../../src/generate/plan.ts";
import type { Client, Workspace, WritingPlan } from "../../src/terms.ts";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await loadWorkspace(".");
});

/** Plans of a client's first hundred slots. */
function plansOf(client: Client, recentLinks = 0): readonly WritingPlan[] {
  return Array.from({ length: 100 }, (_, day) => {
    const date = new Date(Date.UTC(2026, 10, 21 + day)).toISOString().slice(0, 10);
    const id = `${client.id}/${date}T${client.schedule.times[day % client.schedule.times.length]}`;
    const slot = { id, client: client.id, plannedAt: new Date(`${date}T12:00:00Z`) };
    const plan = planWriting({ ...workspace, client, slot, claim: { recentTexts: [], recentLinks } });
    if ("refused" in plan) throw new Error(`${client.id}: ${plan.refused}`);
    return plan;
  });
}

test("the shipped clients and prompts have no error, and one prompt is a draft", () => {
  // Without credentials they warn: that is what the sandbox is for.
  expect(workspace.problems.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(workspace.clients).toHaveLength(5);
  const published = [...workspace.prompts.values()].filter(({ state }) => state === "published");
  expect(published.length).toBeGreaterThanOrEqual(5);
  expect(workspace.prompts.size).toBeGreaterThan(published.length);
});

test("every published prompt is used by a client", () => {
  const used = new Set(workspace.clients.flatMap(({ posts }) => posts.map(({ prompt }) => prompt)));
  for (const { id, state } of workspace.prompts.values()) expect(used.has(id), id).toBe(state === "published");
});

test("every client's slots can be planned with each of its prompts and a fallback model", () => {
  for (const client of workspace.clients) {
    const plans = plansOf(client);
    expect(new Set(plans.map(({ prompt }) => prompt)), client.id).toEqual(
      new Set(client.posts.map(({ prompt }) => prompt)),
    );
    for (const { models } of plans) expect(models.length).toBeGreaterThan(1);
  }
});

test("limits have room for a full day, and for a month of ordinary posts", () => {
  for (const client of workspace.clients) {
    const { limits, schedule, links } = client;
    // A link budget that is used up leaves ordinary posts; its own posts come on top.
    const worst = plansOf(client, 1_000).map((plan) => worstCase(plan, workspace.prices));
    const perDay = schedule.times.length;
    const { postUsd, postWithUrlUsd } = workspace.prices.x;
    const dearestUsd = Math.max(...worst.map(({ modelUsd }) => modelUsd)) + postUsd;
    // Held for one slot after the other, and mostly free again.
    const heldUsd = Math.max(...worst.map(({ xUsd }) => xUsd));
    expect(limits.postsPerDay, client.id).toBeGreaterThanOrEqual(perDay);
    expect(limits.completionsPerDay, client.id).toBeGreaterThanOrEqual(
      perDay * Math.max(...worst.map((cost) => cost.completions)),
    );
    const linksUsd = links.policy === "budget" ? links.maxPerWeek * 5 * postWithUrlUsd : 0;
    expect(limits.usdPerMonth - linksUsd, client.id).toBeGreaterThan(
      perDay * 31 * (schedule.days.length / 7) * dearestUsd + heldUsd,
    );
  }
});

test("every fallback text passes the checks of its client, and no two are alike", () => {
  const texts = workspace.clients.flatMap((client) => {
    const context = { client, linksAllowed: false, recentTexts: [] };
    for (const text of client.fallbacks) expect(checkText(normaliseText(text), context), text).toEqual([]);
    expect(client.fallbacks.length, client.id).toBeGreaterThanOrEqual(4);
    return client.fallbacks;
  });
  for (const [index, text] of texts.entries()) {
    for (const other of texts.slice(index + 1)) expect(similarity(text, other), text).toBeLessThan(0.6);
  }
});

test("one client owes a post at whatever minute a run starts", () => {
  const hourly = workspace.clients.find(({ schedule }) => schedule.times.length === 24);
  expect(hourly).toMatchObject({ status: "active", schedule: { jitterSeconds: 0, lateWithinSeconds: 3_600 } });
  expect(hourly?.schedule.times.every((time) => time.endsWith(":00"))).toBe(true);
});
