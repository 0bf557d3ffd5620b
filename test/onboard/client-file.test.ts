import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { makeClient } from "../../src/onboard/client-file.ts";
import { filesWith, workspaceWith } from "../clients/workspace.ts";
import { goodAnswers } from "./forms.ts";

const around = { files: filesWith(), workspace: workspaceWith() };
const make = (answers: Partial<typeof goodAnswers> = {}) => {
  const made = makeClient({ ...goodAnswers, ...answers }, around);
  if ("refused" in made) throw new Error(made.refused);
  return made;
};

test("a form becomes a client that rehearses and has no problem", () => {
  const { id, path, text, problems } = make();
  expect({ id, path, problems }).toEqual({ id: "bean-leaf", path: "clients/bean-leaf.yaml", problems: [] });
  expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../schemas/client.schema.json");
  expect(parse(text)).toEqual({
    name: "Bean & Leaf",
    handle: "Bean_Leaf",
    x_user_id: "2244994945",
    status: "rehearsal",
    timezone: "Europe/Berlin",
    language: "en",
    schedule: { days: "weekdays", times: ["09:00", "17:30"] },
    voice: "Warm and dry.\nShort sentences.",
    topics: ["brewing at home", "how beans are stored"],
    posts: [{ prompt: "quick-tip" }],
    links: "deny",
    limits: { usd_per_month: 12.5 },
  });
});

test.for([
  { days: "mon, wed fri", expected: ["mon", "wed", "fri"] },
  { days: "Daily", expected: "daily" },
])("the days $days are understood", ({ days, expected }) => {
  expect(parse(make({ days }).text).schedule.days).toEqual(expected);
});

test.for([
  { links: "Never", expected: "deny" },
  { links: "At most 3 a week", expected: { max_per_week: 3 } },
  { links: "Whenever they help", expected: "allow" },
  { links: "something that the form does not offer", expected: "deny" },
])("links: $links", ({ links, expected }) => {
  expect(parse(make({ links }).text).links).toEqual(expected);
});

test.for([
  { answers: { timezone: "Berlin" }, says: '"Berlin" is not a time zone' },
  { answers: { times: "9 o'clock" }, says: "times" },
  { answers: { budget: "a lot" }, says: "usd_per_month" },
  { answers: { xUserId: "@acme" }, says: "x_user_id" },
])("an answer that fits no field is a problem in the words of the checks: $says", ({ answers, says }) => {
  expect(
    make(answers)
      .problems.map(({ message }) => message)
      .join("; "),
  ).toContain(says);
});

test.for([
  { handle: "acme", refused: "clients/acme.yaml exists already" },
  { handle: "@@@", refused: "write the account's name" },
  { handle: "../../src/main.ts", refused: undefined },
])("the handle $handle never names another file", ({ handle, refused }) => {
  const made = makeClient({ ...goodAnswers, handle }, around);
  if (refused === undefined) expect(made).toMatchObject({ path: "clients/src-main-ts.yaml" });
  else expect(made).toEqual({ refused: expect.stringContaining(refused) });
});

test("whatever is answered, the file parses, each answer stays in its own field, and the client rehearses", () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("\n", "\n---\n", "\nstatus: active\n", "#", ": ", "- ", "&a *a", "!!js", "'", '"', "|", ">"),
      ),
    )
    .map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(
      fc.record({
        name: hostile,
        timezone: hostile,
        voice: hostile,
        topics: hostile,
        language: hostile,
        xUserId: hostile,
      }),
      (answers) => {
        const made = makeClient({ ...goodAnswers, ...answers }, around);
        if ("refused" in made) throw new Error(made.refused);
        const file = parse(made.text);
        expect(Object.keys(file).filter((key) => key !== "language")).toEqual([
          "name",
          "handle",
          "x_user_id",
          "status",
          "timezone",
          "schedule",
          "voice",
          "topics",
          "posts",
          "links",
          "limits",
        ]);
        expect(file).toMatchObject({ status: "rehearsal", handle: "Bean_Leaf", links: "deny" });
        expect(made.path).toBe("clients/bean-leaf.yaml");
      },
    ),
    { numRuns: 60 },
  );
});
