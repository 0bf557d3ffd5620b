import { expect, test } from "vitest";
import { haltNotes } from "../../src/record/halts.ts";

const halted = (...ids: string[]) => ids.map((id) => ({ id, why: "a typo" }));

test.for([
  { what: "nothing", everything: undefined, clients: [], says: [] },
  {
    what: "everything",
    everything: "wrong numbers",
    clients: [],
    says: ["Everything is halted: wrong numbers."],
  },
  {
    what: "two clients",
    everything: undefined,
    clients: halted("acme", "beta"),
    says: ["Halted until resume names them: acme (a typo), beta (a typo)."],
  },
])("with $what halted the summary says $says", ({ everything, clients, says }) => {
  expect(haltNotes({ everything, clients })).toEqual(says);
});

test("of many halted clients a few are named, and the rest counted", () => {
  const [note] = haltNotes({ everything: undefined, clients: halted("a", "b", "c", "d", "e", "f", "g") });
  expect(note).toBe(
    "Halted until resume names them: a (a typo), b (a typo), c (a typo), d (a typo), e (a typo) and 2 more.",
  );
});
