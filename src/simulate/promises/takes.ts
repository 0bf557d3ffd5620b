import type { Evidence } from "../evidence.ts";
import type { Journal } from "../journal.ts";
import type { Intent } from "../ledger-rows.ts";
import { bucketOf } from "../run-limiter.ts";

type Send = Journal["sends"][number];

/** Each take that a limiter itself allowed lets one completion, or one slot's text, leave behind it in its run. */
export function withoutTake(evidence: Evidence): readonly string[] {
  const { journal, clients } = evidence;
  const take = openTakes(journal);
  const second = new Set(secondSends(evidence));
  const asked = [
    ...journal.completions.map((one) => ({ ...one, what: "completion" as const, at: one.askedAt })),
    ...journal.sends
      .filter((send) => !second.has(send))
      .map((one) => ({ ...one, what: "send" as const, at: one.sentAt })),
  ];
  const broken = asked.flatMap(({ run, client: id, what, at }) => {
    const client = clients.get(id);
    if (client !== undefined && take(run, bucketOf[what](client), at)) return [];
    return [`${run} made a ${what} for ${id} that no limiter had allowed`];
  });
  return broken;
}

/** Sends of a text that an earlier run was allowed to send: settling does not ask the limiter again. */
export function secondSends({ journal, intents }: Pick<Evidence, "journal" | "intents">): readonly Send[] {
  const firstRun = new Map(intents.toReversed().map(({ slot, run }) => [slot, run]));
  const byRun = Map.groupBy(intents, ({ run, client }) => `${run} ${client}`);
  return journal.sends.filter((send) => {
    const intent = lastBefore(byRun.get(`${send.run} ${send.client}`) ?? [], send.sentAt);
    return intent !== undefined && firstRun.get(intent.slot) !== send.run;
  });
}

function lastBefore(intents: readonly Intent[], at: Date): Intent | undefined {
  return intents.findLast(({ armedAt }) => armedAt <= at);
}

/** Uses up an allowed take of a bucket by a run; false when there was none before. */
function openTakes({ takes }: Journal): (run: string, key: string, at: Date) => boolean {
  const allowed = takes.filter((take) => take.allowed);
  const unused = Map.groupBy(
    allowed.flatMap(({ run, keys, answeredAt }) => keys.map((key) => ({ name: `${run} ${key}`, answeredAt }))),
    ({ name }) => name,
  );
  return (run, key, at) => {
    const list = unused.get(`${run} ${key}`) ?? [];
    const index = list.findIndex(({ answeredAt }) => answeredAt <= at);
    if (index >= 0) list.splice(index, 1);
    return index >= 0;
  };
}
