import { counted } from "../../record/format.ts";
import type { Evidence } from "../evidence.ts";
import { spellAt } from "../timetable.ts";
import { secondSends, withoutTake } from "./takes.ts";
import type { Check } from "./verdict.ts";

/**
 * 6. Nothing leaves for X without an intent in the ledger, nor while the ledger is gone; no model without a price is asked;
 * and no limiter's silence lets anything leave.
 */
export const checkFailClosed: Check = (evidence) => {
  const { journal, ledgerGone } = evidence;
  const unpriced = journal.completions
    .filter(({ priced }) => !priced)
    .map(({ run, client, model }) => `${run} asked ${model} for ${client}, which had no price`);
  return {
    looked: `sends and completions, ${takesInWords(evidence)}, with the ledger gone ${counted(ledgerGone.length, "time")}`,
    cases: journal.sends.length + journal.completions.length,
    broken: [...sendsWithoutIntent(evidence), ...unpriced, ...withoutTake(evidence)],
  };
};

/** Each intent lets one send of its run leave. */
function sendsWithoutIntent({ journal, intents, ledgerGone }: Evidence): readonly string[] {
  const unused = Map.groupBy(intents, ({ run, client }) => `${run} ${client}`);
  return journal.sends.flatMap(({ run, client, sentAt }) => {
    const list = unused.get(`${run} ${client}`) ?? [];
    const index = list.findIndex(({ armedAt }) => armedAt <= sentAt);
    const [intent] = index < 0 ? [] : list.splice(index, 1);
    if (intent === undefined) return [`${run} sent a text of ${client} without an intent in the ledger`];
    const spell = spellAt(ledgerGone, sentAt);
    if (spell === undefined || intent.armedAt < spell.from) return [];
    return [`${intent.slot} was sent while the ledger was gone`];
  });
}

function takesInWords(evidence: Evidence): string {
  const allowed = evidence.journal.takes.filter((take) => take.allowed);
  const of = (by: string) => `${counted(allowed.filter((take) => take.by === by).length, "take")} of ${by}`;
  const second = counted(secondSends(evidence).length, "second send");
  return `${of("Upstash")} and ${of("Postgres")} allowed, ${second} by the take of the first`;
}
