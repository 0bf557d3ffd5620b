import { expect, test } from "vitest";
import { lockedPromptProblems } from "../../src/preview/lock.ts";
import { promptYaml, said } from "../clients/workspace.ts";
import { version } from "./versions.ts";

const file = "prompts/quick-tip.prompt.yml";
const problemsOf = (before: string, after: string | undefined) =>
  said(lockedPromptProblems(version({ [file]: before }), version({ [file]: after })));
const draft = promptYaml.replace("state: published", "state: draft");

test.for([
  { change: "another text", after: promptYaml.replace("One tip", "Two tips") },
  { change: "another setting", after: `${promptYaml}modelParameters: { temperature: 0.2 }\n` },
  { change: "another list of models", after: `${promptYaml}models: [openai/gpt-5-mini]\n` },
])("a published prompt with $change needs a new version", ({ after }) => {
  expect(problemsOf(promptYaml, after)).toEqual([
    `${file}:2:10 this prompt was published as version 1.0.0 with another text (raise version, so that receipts of earlier posts keep their meaning)`,
  ]);
  expect(problemsOf(promptYaml, after.replace("1.0.0", "1.0.1"))).toEqual([]);
});

test.for([
  { from: "1.0.0", to: "0.9.0", isNew: false },
  { from: "1.10.0", to: "1.9.0", isNew: false },
  { from: "1.9.0", to: "1.10.0", isNew: true },
  { from: "3", to: "4", isNew: true },
  { from: "1.0.0", to: "1.0", isNew: false },
  { from: "1.0", to: "1.0.1", isNew: true },
])("another text takes a prompt from version $from to $to: $isNew", ({ from, to, isNew }) => {
  const before = promptYaml.replace("1.0.0", from);
  const after = promptYaml.replace("1.0.0", to).replace("One tip", "Two tips");
  expect(problemsOf(before, after).map((line) => line.replace(/.*published as (version [\d.]+) .*/, "$1"))).toEqual(
    isNew ? [] : [`version ${from}`],
  );
});

test("an archived prompt was published once: another text needs a higher version, before it is published again too", () => {
  const archived = promptYaml.replace("state: published", "state: archived");
  expect(problemsOf(archived, archived.replace("One tip", "Two tips"))).toHaveLength(1);
  expect(problemsOf(archived, promptYaml.replace("One tip", "Two tips"))).toHaveLength(1);
  expect(problemsOf(archived, promptYaml)).toEqual([]);
});

test.for([
  { change: "retired", before: promptYaml, after: promptYaml.replace("published", "archived") },
  { change: "retitled", before: promptYaml, after: promptYaml.replace("Quick tip", "A tip") },
  { change: "removed", before: promptYaml, after: undefined },
  { change: "changed while it was a draft", before: draft, after: draft.replace("One tip", "Two tips") },
  { change: "left as it is", before: promptYaml, after: promptYaml },
])("a prompt that is $change needs no new version", ({ before, after }) => {
  expect(problemsOf(before, after)).toEqual([]);
});
