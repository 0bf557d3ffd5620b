import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Answers, labels, readForm } from "../../src/onboard/form.ts";
import { formText, goodAnswers } from "./forms.ts";

test("the answers are read by the headings of the form", () => {
  expect(readForm(formText())).toEqual({ answers: goodAnswers });
  expect(readForm(formText().replaceAll("\n", "\r\n"))).toEqual({ answers: goodAnswers });
});

test("an answer that was not given is empty", () => {
  expect(readForm(formText({ language: "" }))).toMatchObject({ answers: { language: "" } });
});

test.for([
  {
    when: "a heading is missing",
    body: formText().replace("### Voice", "### Tone"),
    says: 'the form has no heading "Voice"',
  },
  {
    when: "an answer holds a heading of the form",
    body: formText({ voice: "Dry.\n\n### Handle on X\n\nanother_account" }),
    says: 'the heading "Handle on X" stands there 2 times: an answer must not hold one',
  },
  {
    when: "the headings stand in another order",
    body: formText().replace("### Name", "### X").replace("### Budget", "### Name").replace("### X", "### Budget"),
    says: "the headings of the form are not in its order",
  },
  { when: "it is far too long", body: formText({ voice: "x".repeat(30_000) }), says: "more than 20000 characters" },
  { when: "it is no form at all", body: "hello", says: 'the form has no heading "Name"' },
])("a form is refused with words when $when", ({ body, says }) => {
  const read = readForm(body);
  expect("problems" in read && read.problems.join("; ")).toContain(says);
});

test("whatever one field holds, no other field changes", () => {
  const fieldName = fc.constantFrom(...(Object.keys(labels) as (keyof Answers)[]));
  const headings = Object.values(labels).map((label) => `### ${label}`);
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("\n", "```", "---", "### Name", "### Other", "_No response_", ...headings),
  );
  fc.assert(
    fc.property(
      fieldName,
      fc.array(piece).map((pieces) => pieces.join("")),
      (field, text) => {
        const read = readForm(formText({ [field]: text }));
        if ("problems" in read) return;
        expect({ ...read.answers, [field]: "" }).toEqual({ ...goodAnswers, [field]: "" });
      },
    ),
  );
});

test("the issue form asks exactly these fields in this order", async () => {
  const file = join(import.meta.dirname, "../../.github/ISSUE_TEMPLATE/new-client.yml");
  const { body } = parse(await readFile(file, "utf8")) as { body: { type: string; attributes: { label?: string } }[] };
  const asked = body.filter(({ type }) => type !== "markdown").map(({ attributes }) => attributes.label);
  expect(asked).toEqual(Object.values(labels));
});
