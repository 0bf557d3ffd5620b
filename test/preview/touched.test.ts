import { expect, test } from "vitest";
import { touchedClients } from "../../src/preview/touched.ts";
import { clientYaml, defaultsYaml, pricesYaml, promptYaml } from "../clients/workspace.ts";
import { version } from "./versions.ts";

const beta = clientYaml
  .replace("Acme Coffee", "Beta")
  .replace("acme_coffee", "beta")
  .replace('"101"', '"102"')
  .replace("quick-tip", "other");
const two = { "clients/beta.yaml": beta, "prompts/other.prompt.yml": promptYaml.replace("Quick tip", "Other") };
const schema = (text: object) => ({ "schemas/client.schema.json": JSON.stringify(text) });

const found = (before: Record<string, string | undefined>, after: Record<string, string | undefined>) =>
  touchedClients(version({ ...two, ...before }), version({ ...two, ...after })).map(
    ({ id, kind, because }) => `${id} ${kind} by ${because.join(" and ")}`,
  );

test.for<{ when: string; after: Record<string, string | undefined>; expected: string[] }>([
  { when: "nothing changes", after: {}, expected: [] },
  { when: "only a comment changes", after: { "clients/acme.yaml": `${clientYaml}# a note\n` }, expected: [] },
  {
    when: "a client's own file changes",
    after: { "clients/acme.yaml": clientYaml.replace("17:30", "18:30") },
    expected: ["acme changed by clients/acme.yaml"],
  },
  {
    when: "a prompt changes that one of them uses",
    after: { "prompts/other.prompt.yml": promptYaml.replace("Quick tip", "Other").replace("One tip", "Two tips") },
    expected: ["beta changed by prompts/other.prompt.yml"],
  },
  {
    when: "the defaults change what both inherit",
    after: { "clients/_defaults.yaml": defaultsYaml.replace("status: rehearsal", "status: active") },
    expected: ["acme changed by clients/_defaults.yaml", "beta changed by clients/_defaults.yaml"],
  },
  {
    when: "the defaults change what both say themselves",
    after: { "clients/_defaults.yaml": defaultsYaml.replace("posts_per_day: 500", "posts_per_day: 400") },
    expected: [],
  },
  {
    when: "a price changes that both pay",
    after: { "clients/_prices.yaml": pricesYaml.replace("input: 0.25", "input: 0.5") },
    expected: ["acme changed by clients/_prices.yaml", "beta changed by clients/_prices.yaml"],
  },
  {
    when: "a price changes that nobody pays",
    after: { "clients/_prices.yaml": pricesYaml.replace("input: 0.4", "input: 0.5") },
    expected: [],
  },
  {
    when: "a price was only looked at again",
    after: { "clients/_prices.yaml": pricesYaml.replaceAll("checked: 2026-11-20", "checked: 2026-11-21") },
    expected: [],
  },
  {
    when: "a client is added",
    after: { "clients/gamma.yaml": beta.replace("Beta", "Gamma").replace("beta", "gamma").replace('"102"', '"103"') },
    expected: ["gamma added by clients/gamma.yaml"],
  },
  {
    when: "a client is removed",
    after: { "clients/acme.yaml": undefined },
    expected: ["acme removed by clients/acme.yaml"],
  },
  {
    when: "a client gets an error",
    after: { "clients/acme.yaml": clientYaml.replace("handle", "hnadle") },
    expected: ["acme broken by clients/acme.yaml"],
  },
])("when $when, exactly the clients that it touches are named, with the file", ({ after, expected }) => {
  expect(found({}, after)).toEqual(expected);
});

test("a schema that says something else touches every client; one that only says it better touches none", () => {
  const before = version(two, schema({ type: "object", description: "A client." }));
  const reworded = version(two, schema({ type: "object", description: "One client." }));
  const stricter = version(two, schema({ type: "object", minProperties: 1 }));
  expect(touchedClients(before, reworded)).toEqual([]);
  expect(touchedClients(before, stricter).map(({ id, because }) => [id, because])).toEqual([
    ["acme", ["schemas/client.schema.json"]],
    ["beta", ["schemas/client.schema.json"]],
  ]);
});
