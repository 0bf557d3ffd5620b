import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { previewChange } from "../../src/preview/preview.ts";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { openModel } from "../../src/vendors/openai.ts";
import { clientYaml, pricesYaml, promptYaml } from "../clients/workspace.ts";
import { version } from "./versions.ts";

/** Berlin sets its clocks back on 25 October. */
const now = new Date("2026-10-19T06:00:00Z");
let sandbox: Awaited<ReturnType<typeof startModelSandbox>>;

beforeAll(async () => {
  sandbox = await startModelSandbox({});
});
afterAll(() => sandbox.close());

const preview = async (
  before: Record<string, string | undefined>,
  after: Record<string, string | undefined>,
  { samples = 1, only }: { samples?: number; only?: string } = {},
) =>
  previewChange({
    base: version(before),
    head: version(after),
    samples,
    ...(only !== undefined && { only }),
    writer: "sandbox",
    model: openModel({ apiKey: "sandbox", baseUrl: sandbox.url }),
    now,
  });

const daily = clientYaml.replace("days: weekdays", "days: daily");
const withLinks = (policy: string) => ({ "clients/acme.yaml": `${daily}links: ${policy}\n` });

test("a changed schedule shows its days, what falls away, the clocks, and what both would write", async () => {
  const document = await preview(
    { "clients/acme.yaml": daily },
    { "clients/acme.yaml": daily.replace('["09:00", "17:30"]', '["09:00", "19:00"]') },
  );
  const [client] = document.clients;
  expect(client).toMatchObject({ id: "acme", kind: "changed", because: ["clients/acme.yaml"] });
  expect(client?.changes).toEqual([{ what: "schedule.times", before: "09:00, 17:30", after: "09:00, 19:00" }]);
  expect(client?.days).toHaveLength(14);
  expect(client?.days[0]).toEqual({ date: "2026-10-19", times: ["09:00", "19:00"], dropped: ["17:30"] });
  expect(client?.days.find(({ clocks }) => clocks)).toMatchObject({ date: "2026-10-25", clocks: "clocks go back 1 h" });
  const [sample] = client?.samples ?? [];
  expect(sample?.slot).toBe("acme/2026-10-19T09:00");
  expect([sample?.before, sample?.after].map((side) => side && "text" in side && side.topic)).toEqual([
    "brewing at home",
    "brewing at home",
  ]);
  expect(client?.cost.after).toMatchObject({ posts: 60, modelIsWorstCase: false });
  expect(client?.cost.after?.xUsd).toBeCloseTo(0.9);
});

test("a client that comes and one that goes have one side, and samples only where there is something to post", async () => {
  const coming = await preview({ "clients/acme.yaml": undefined }, {});
  expect(coming.clients[0]).toMatchObject({ kind: "added", changes: [] });
  expect(coming.clients[0]?.cost.before).toBeUndefined();
  expect(coming.clients[0]?.samples[0]?.before).toBeUndefined();
  const going = await preview({}, { "clients/acme.yaml": undefined });
  expect(going.clients[0]).toMatchObject({ kind: "removed", samples: [] });
  expect(going.clients[0]?.cost.after).toBeUndefined();
  expect(going.clients[0]?.days[0]?.times).toEqual([]);
});

test("a paused client owes nothing, and a sealed block is told without its text", async () => {
  const paused = await preview({}, { "clients/acme.yaml": `${clientYaml}status: paused\n` });
  expect(paused.clients[0]).toMatchObject({ status: "paused", samples: [] });
  expect(paused.clients[0]?.cost.after).toMatchObject({ posts: 0, modelUsd: 0, xUsd: 0 });
});

describe("the price of a month", () => {
  test.for([
    { policy: "allow", mostUsd: 12 },
    { policy: "{ max_per_week: 7 }", mostUsd: 30 * 0.2 + 30 * 0.015 },
    { policy: "deny", mostUsd: 0.9 },
  ])("with links: $policy", async ({ policy, mostUsd }) => {
    const { clients } = await preview({ "clients/acme.yaml": clientYaml }, withLinks(policy), { samples: 0 });
    expect(clients[0]?.cost.after?.xMostUsd).toBeCloseTo(mostUsd);
    expect(clients[0]?.cost.after?.modelIsWorstCase).toBe(true);
  });
});

test("a prompt that cannot be used is a reason in place of a text, and problems stand in the order of files", async () => {
  const { clients, problems, untouched } = await preview(
    {},
    { "prompts/quick-tip.prompt.yml": promptYaml.replace("One tip", "Two tips"), "clients/zed.yaml": "name: [" },
  );
  expect(clients.map(({ id, kind }) => [id, kind])).toEqual([
    ["acme", "changed"],
    ["zed", "broken"],
  ]);
  expect(problems.map(({ file }) => file)).toEqual(["clients/zed.yaml", "prompts/quick-tip.prompt.yml"]);
  expect(untouched).toBe(0);
});

test("only one client is shown when one is asked for, and a change of price says what it was", async () => {
  const dearer = { "clients/_prices.yaml": pricesYaml.replace("input: 0.25", "input: 0.5") };
  const { clients } = await preview({}, dearer, { only: "acme" });
  expect(clients[0]?.changes).toEqual([{ what: "price of openai/gpt-5-mini: inputUsd", before: "0.25", after: "0.5" }]);
  expect((await preview({}, dearer, { only: "nobody" })).clients).toEqual([]);
});
