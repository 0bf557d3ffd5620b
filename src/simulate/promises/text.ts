import { asPosted, type Evidence } from "../evidence.ts";
import type { Check } from "./verdict.ts";

/** 7. What is on X is the stored draft; every send of a slot has the same text; no model is paid for a slot with a draft. */
export const checkOneText: Check = (evidence) => {
  const { posts, journal } = evidence;
  const strange = posts.filter(({ slot }) => slot === undefined).map(({ id }) => `post ${id} is no slot's stored text`);
  return {
    looked: "posts, sends and completions",
    cases: posts.length + journal.sends.length + journal.completions.length,
    broken: [...strange, ...otherTexts(evidence), ...paidAgain(evidence)],
  };
};

function otherTexts({ journal, intents, drafts }: Evidence): readonly string[] {
  const slotOf = new Map(intents.map(({ run, client, slot }) => [`${run} ${client}`, slot]));
  return journal.sends.flatMap(({ run, client, text }) => {
    const slot = slotOf.get(`${run} ${client}`);
    const draft = drafts.get(slot ?? "");
    if (draft !== undefined && asPosted(draft.text) === asPosted(text)) return [];
    return [`${slot ?? client}: ${run} sent another text than the stored one`];
  });
}

function paidAgain({ journal, drafts }: Evidence): readonly string[] {
  return journal.completions.flatMap(({ run, client, askedAt }) => {
    const slot = journal.claims.get(`${run} ${client}`);
    const draft = drafts.get(slot ?? "");
    return draft !== undefined && draft.storedAt < askedAt
      ? [`${slot}: ${run} asked a model behind the stored draft`]
      : [];
  });
}
