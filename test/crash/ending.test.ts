import { expect, test } from "vitest";
import { created } from "../support/crash-answers.ts";
import { draftOf, endOf, type Outside } from "../support/crash-ending.ts";

const text = "Tea first.";

/** A slot with a draft; each tick makes it what comes next. */
function outsideWith(changes: readonly { text?: string; completions?: number; state?: string }[]): Outside {
  const slot = { text, completions: 1, state: "drafted" };
  const queue = changes.values();
  return {
    posts: () => (slot.state === "posted" ? [{ ...post, text: slot.text }] : []),
    sql: async () => [row(slot)],
    completions: () => slot.completions,
    tick: async () => {
      Object.assign(slot, queue.next().value);
    },
  };
}

const post = { id: "7", xUserId: "1", createdAt: new Date(0), visibleAt: new Date(0), madeWithAi: true };

function row({ state, text, completions }: { state: string; text: string; completions: number }) {
  const recorded = state === "posted" ? 1 : 0;
  const held = { holds: 0, held: 0, counted: [recorded], billed: completions };
  return { state, reason: "", text, sends: recorded, postId: recorded === 1 ? post.id : null, recorded, ...held };
}

const posted = { state: "posted" };

test.for([
  { what: "nothing is wrong", killed: {}, later: [posted], problems: [] },
  {
    what: "a second bill by the process that was killed is seen",
    killed: { completions: 2 },
    later: [posted],
    problems: ["a stored draft was paid for again"],
  },
  {
    what: "another draft of the process that was killed is seen",
    killed: { text: "Coffee." },
    later: [posted],
    problems: ["the stored draft changed"],
  },
  {
    what: "a second bill by a later tick is seen",
    killed: {},
    later: [{ ...posted, completions: 2 }],
    problems: ["a stored draft was paid for again"],
  },
])("behind a stored draft $what", async ({ killed, later, problems }) => {
  const outside = outsideWith([killed, ...later]);
  const draft = await draftOf(outside);
  await outside.tick(0);
  expect(await endOf(outside, created, draft)).toEqual({ state: "posted", reason: "", problems });
});
