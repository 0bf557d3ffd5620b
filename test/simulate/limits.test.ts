import { expect, test } from "vitest";
import { bindLimits } from "../../src/simulate/limits.ts";
import type { Client, Workspace } from "../../src/terms.ts";
import { exampleClient } from "../due/examples.ts";

const x = { postUsd: 0.015, postWithUrlUsd: 0.2, readPostUsd: 0.005, readUserUsd: 0.01 };
const global = { postsPerDay: 500, completionsPerDay: 2000, usdPerMonth: 500 };
const times = ["08:00", "12:00", "16:00"];

function workspaceOf(clients: readonly Client[]): Workspace {
  return {
    clients,
    prompts: new Map(),
    prices: { models: new Map(), x },
    defaults: { recipients: [], global },
    problems: [],
    broken: new Set(),
  };
}

const ten = workspaceOf(
  Array.from({ length: 10 }, (_, index) =>
    exampleClient({ times, days: [1, 2, 3, 4, 5, 6, 7] }, { id: `c${index}`, models: ["a/b", "a/c"] }),
  ),
);

test("without such faults every limit stays as it is", () => {
  expect(bindLimits(ten, { clients: 0, together: 0, days: 30 })).toEqual(ten);
});

test("of the part asked for each has one low limit, every kind in turn", () => {
  const { clients } = bindLimits(ten, { clients: 0.3, together: 0, days: 30 });
  const changed = clients.filter(({ limits }, index) => limits !== ten.clients[index]?.limits);
  const { limits } = exampleClient();
  expect(changed.map((client) => client.limits)).toEqual([
    { ...limits, postsPerDay: 2 },
    { ...limits, completionsPerDay: 4 },
    // One post's hold, and a tenth of what the month would cost.
    { ...limits, usdPerMonth: 0.26 },
  ]);
});

test("the limits over all clients have no room for the part asked for", () => {
  const { defaults } = bindLimits(ten, { clients: 0, together: 0.5, days: 30 });
  expect(defaults.global).toEqual({ postsPerDay: 15, completionsPerDay: 26, usdPerMonth: 500 });
});
