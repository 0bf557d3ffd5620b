import type { BudgetLimits } from "../../ports.ts";
import { counted, money } from "../../record/format.ts";
import type { Evidence } from "../evidence.ts";
import type { Check } from "./verdict.ts";

/** Sums of dollars in binary fractions. */
const roundingUsd = 1e-6;

/** 5. The ledger counts at least what was charged, and no cap is passed: by its own rows, and by what the services saw. */
export const checkPrice: Check = (evidence) => {
  const { spend, journal, posts } = evidence;
  const broken = [...passedCaps(evidence), ...uncounted(evidence), ...unasked(evidence), ...passedOutside(evidence)];
  const cases = spend.length + journal.completions.length + posts.length;
  const refused = counted(journal.refusals.length, "time");
  return { looked: `days, months, completions and posts; a budget refused ${refused}`, cases, broken };
};

function limitsOf({ clients, workspace }: Evidence, scope: string): BudgetLimits | undefined {
  return scope === "*" ? workspace.defaults.global : clients.get(scope)?.limits;
}

function passedCaps(evidence: Evidence): readonly string[] {
  return evidence.spend.flatMap(({ scope, period, posts, completions, usd }) => {
    const limits = limitsOf(evidence, scope);
    if (limits === undefined) return [`the ledger has spend of ${scope}, which is no client`];
    const isMonth = period.length === 7;
    const where = `${scope} in ${period}`;
    if (isMonth)
      return usd > limits.usdPerMonth + roundingUsd ? [`${where}: ${money(usd)} of ${money(limits.usdPerMonth)}`] : [];
    return [
      ...(posts > limits.postsPerDay ? [`${where}: ${posts} posts of ${limits.postsPerDay}`] : []),
      ...(completions > limits.completionsPerDay
        ? [`${where}: ${completions} completions of ${limits.completionsPerDay}`]
        : []),
    ];
  });
}

/** Months of the client's own zone and those of UTC differ at their edges, so a client's months are summed. */
function uncounted(evidence: Evidence): readonly string[] {
  const { journal, clients } = evidence;
  return [...clients.keys()].flatMap((id) => {
    const billed = billedUsd(evidence, id);
    const stored = evidence.spend.filter(({ scope, period }) => scope === id && period.length === 7);
    const usd = stored.reduce((sum, row) => sum + row.usd, 0);
    const completions = stored.reduce((sum, row) => sum + row.completions, 0);
    const worked = journal.completions.filter((one) => one.client === id && one.worked).length;
    const unseen =
      completions < worked ? [`${id}: the ledger has ${completions} completions, the models made ${worked}`] : [];
    if (usd >= billed.modelUsd + billed.xUsd - roundingUsd) return unseen;
    const parts = `model ${money(billed.modelUsd)}, X ${money(billed.xUsd)}`;
    return [
      ...unseen,
      `${id}: the ledger has ${money(usd)}, charged were ${money(billed.modelUsd + billed.xUsd)} (${parts}) in ${journal.runs.length} runs`,
    ];
  });
}

/** A charge that is no client's would be in nobody's sum. */
function unasked({ journal, clients }: Evidence): readonly string[] {
  return journal.charges
    .filter(({ client }) => !clients.has(client))
    .map(({ account, kind, usd }) => `X charged ${money(usd)} to ${account} (${kind}), which no client had asked for`);
}

/** What the services charged for a client. */
export function billedUsd({ journal }: Pick<Evidence, "journal">, client: string): { modelUsd: number; xUsd: number } {
  const sum = (list: readonly { client: string; usd: number }[]) =>
    list.reduce((total, one) => (one.client === client ? total + one.usd : total), 0);
  return { modelUsd: sum(journal.completions), xUsd: sum(journal.charges) };
}

/** Posts and completions that the services saw, by the day to which the run reckoned them. */
function passedOutside(evidence: Evidence): readonly string[] {
  const { journal, posts, intents } = evidence;
  const seen = new Map<string, { posts: number; completions: number }>();
  const count = (key: string | undefined, what: "posts" | "completions") => {
    if (key === undefined) return;
    const row = seen.get(key) ?? { posts: 0, completions: 0 };
    row[what] += 1;
    seen.set(key, row);
  };
  const countFor = (run: string, client: string, what: "posts" | "completions") => {
    const days = journal.days.get(`${run} ${client}`);
    if (days === undefined) return;
    count(`${client} ${days.day}`, what);
    count(`* ${days.globalDay}`, what);
  };
  for (const { run, client, worked } of journal.completions) if (worked) countFor(run, client, "completions");
  const first = new Map(intents.toReversed().map((intent) => [intent.slot, intent]));
  for (const { slot = "" } of posts) {
    const intent = first.get(slot);
    if (intent !== undefined) countFor(intent.run, intent.client, "posts");
  }
  return [...seen].flatMap(([key, row]) => {
    const [scope = "", day] = key.split(" ");
    const limits = limitsOf(evidence, scope);
    const passed = limits && (row.posts > limits.postsPerDay || row.completions > limits.completionsPerDay);
    return passed ? [`${scope} on ${day}: the services saw ${row.posts} posts and ${row.completions} completions`] : [];
  });
}
