import type { SlotRow } from "../ledger-rows.ts";
import type { Check } from "./verdict.ts";

const endedStates: ReadonlySet<string> = new Set(["posted", "skipped", "missed", "dead"]);

/** 2. Every slot that the schedules owe has ended or waits for a reason, and the ledger says posted where X has the post. */
export const checkNotLost: Check = ({ owed, slots, posts }) => {
  const isPublic = new Set(posts.flatMap(({ slot }) => slot ?? []));
  const owedIds = new Set(owed.map(({ id }) => id));
  const broken = owed.flatMap(({ id }) =>
    problemOf(slots.get(id), isPublic.has(id)).map((problem) => `${id} ${problem}`),
  );
  const nobodys = [...slots.keys()]
    .filter((id) => !owedIds.has(id))
    .map((id) => `${id} is in the ledger and in no schedule`);
  return { looked: "slots owed by the schedules", cases: owed.length, broken: [...broken, ...nobodys] };
};

function problemOf(row: SlotRow | undefined, isPublic: boolean): readonly string[] {
  if (row === undefined) return ["is not in the ledger"];
  const { state, reason } = row;
  if (isPublic !== (state === "posted")) return [`is ${state}, and ${isPublic ? "there is a" : "no"} post on X`];
  if (state === "posted") return [];
  if (!endedStates.has(state) && state !== "waiting") return [`is still ${state}`];
  return reason === "" ? [`is ${state} without a reason`] : [];
}
