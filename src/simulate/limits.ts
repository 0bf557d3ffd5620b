import type { Client, Limits, Prices, Workspace } from "../terms.ts";
import { timelinePageSize } from "../timeline.ts";
import type { Faults } from "./faults.ts";

/**
 * The workspace with limits so low that they bind: those in the files never do, and then nothing would show that no limit
 * is passed. Every kind in turn, and those over all clients for posts and completions: dollars over all would end every
 * client's month.
 */
export function bindLimits(workspace: Workspace, { clients: part, together, days }: Binding): Workspace {
  const { clients, prices, defaults } = workspace;
  return {
    ...workspace,
    clients: clients.map((client, index) => {
      // Spread evenly, so that few clients have every kind too.
      const before = Math.floor(index * part);
      if (Math.floor((index + 1) * part) === before) return client;
      return { ...client, limits: { ...client.limits, ...lowLimit(client, before, { prices, days }) } };
    }),
    defaults: { ...defaults, global: together > 0 ? lowTogether(clients, together, defaults.global) : defaults.global },
  };
}

type Binding = Faults["budgets"] & { days: number };

function lowLimit(
  client: Client,
  turn: number,
  { prices: { x }, days }: { prices: Prices; days: number },
): Partial<Limits> {
  const { times } = client.schedule;
  switch (turn % 3) {
    case 0:
      return { postsPerDay: Math.max(1, times.length - 1) };
    case 1:
      return { completionsPerDay: heldCompletions(client) + Math.max(0, times.length - 2) };
    default: {
      // What is held for one slot must fit, or there would be no post at all.
      const postUsd = client.links.policy === "deny" ? x.postUsd : x.postWithUrlUsd;
      const heldUsd = postUsd + x.readUserUsd + 4 * timelinePageSize * x.readPostUsd;
      return { usdPerMonth: cents(heldUsd + 0.1 * days * times.length * x.postUsd) };
    }
  }
}

function lowTogether(clients: readonly Client[], part: number, limits: Limits): Limits {
  const posts = clients.reduce((sum, { schedule: { times, days } }) => sum + (times.length * days.length) / 7, 0);
  const postsPerDay = Math.max(1, Math.round(posts * (1 - part)));
  const mostHeld = Math.max(0, ...clients.map(heldCompletions));
  return { ...limits, postsPerDay, completionsPerDay: Math.round(1.5 * postsPerDay) + mostHeld };
}

/** Every model is asked once, and one for a repair. */
function heldCompletions({ models }: Client): number {
  return models.length + 1;
}

function cents(usd: number): number {
  return Math.ceil(usd * 100) / 100;
}
