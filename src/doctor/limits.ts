import { planWriting } from "../generate/plan.ts";
import { comingSlots } from "../preview/calendar.ts";
import { monthCost } from "../preview/cost.ts";
import { counted, money } from "../record/format.ts";
import type { Client, Workspace } from "../terms.ts";
import { everything, type Finding, failed, ok, type Verdict, warning } from "./check.ts";

const monthDays = 30;

/** Whether schedules, limits and budgets make sense together, before the ledger says no in the middle of a month. */
export function checkLimits(workspace: Workspace, clients: readonly Client[], now: Date): readonly Finding[] {
  const own = clients.map((client) => ({ client, month: monthOf(client, workspace, now) }));
  const shared = isWhole(workspace) ? globalVerdicts(workspace, now) : [];
  return [
    ...shared.map((verdict): Finding => ({ scope: everything, check: "limits", ...verdict })),
    ...own.flatMap(({ client, month }) =>
      clientVerdicts(client, month).map((verdict): Finding => ({ scope: client.id, check: "limits", ...verdict })),
    ),
  ];
}

interface Month {
  posts: number;
  /** X's price of posts without any link: less is impossible. */
  leastUsd: number;
  /** Every model and the repair used to the full, and as many links as the rules allow. */
  mostUsd: number;
  /** Completions that one slot may take. */
  completions: number;
}

/** Without readable defaults and prices there are no numbers to compare with. */
function isWhole({ defaults, prices }: Workspace): boolean {
  return defaults.recipients.length > 0 && Number.isFinite(prices.x.postUsd);
}

function monthOf(client: Client, { prompts, prices }: Workspace, now: Date): Month {
  const slots = comingSlots(client, now, monthDays);
  const [slot] = slots;
  const claim = { recentTexts: [], recentLinks: 0 };
  const planned = slot && planWriting({ client, prompts, prices, slot, claim });
  const plan = planned === undefined || "refused" in planned ? undefined : planned;
  const { posts, modelUsd, xUsd, xMostUsd } = monthCost({ client, prices, slots: slots.length, samples: [], plan });
  return { posts, leastUsd: xUsd, mostUsd: xMostUsd + modelUsd, completions: plan?.maxCompletions ?? 1 };
}

function clientVerdicts(client: Client, month: Month): readonly Verdict[] {
  const { limits, schedule } = client;
  const perDay = schedule.times.length;
  const found: Verdict[] = [];
  if (perDay > limits.postsPerDay) {
    const says = `the schedule owes ${perDay} posts a day, and limits.posts_per_day allows ${limits.postsPerDay}`;
    found.push(warning(says, `set limits.posts_per_day to ${perDay}, or write fewer times`));
  }
  found.push(...completionVerdicts(client, month), ...moneyVerdicts(client, month));
  if (found.length > 0) return found;
  const range = `${money(month.leastUsd)} to ${money(month.mostUsd)}`;
  return [ok(`${counted(month.posts, "post")} in ${monthDays} days cost ${range} of ${money(limits.usdPerMonth)}`)];
}

function completionVerdicts({ limits, schedule }: Client, { completions }: Month): readonly Verdict[] {
  const posts = Math.min(schedule.times.length, limits.postsPerDay);
  const needed = posts * completions;
  const allowed = limits.completionsPerDay;
  if (needed <= allowed) return [];
  const fix = `set limits.completions_per_day to ${needed}`;
  if (allowed < completions) {
    return [
      failed(`a post can take ${completions} completions, and limits.completions_per_day allows ${allowed}`, fix),
    ];
  }
  const says = `${counted(posts, "post")} a day can take ${needed} completions, and limits.completions_per_day allows ${allowed}`;
  return [warning(says, fix)];
}

function moneyVerdicts({ limits }: Client, { posts, leastUsd, mostUsd }: Month): readonly Verdict[] {
  const of = `limits.usd_per_month is ${money(limits.usdPerMonth)}`;
  const owed = `${counted(posts, "post")} in ${monthDays} days`;
  if (leastUsd > limits.usdPerMonth) {
    const fix = `set limits.usd_per_month to ${whole(mostUsd)}, or write fewer times`;
    return [failed(`${owed} cost at least ${money(leastUsd)} at X alone, and ${of}`, fix)];
  }
  if (mostUsd <= limits.usdPerMonth) return [];
  const fix = `set limits.usd_per_month to ${whole(mostUsd)} if no post may be left out`;
  return [warning(`${owed} can cost up to ${money(mostUsd)}, and ${of}`, fix)];
}

/** Over the clients that send; a rehearsal pays X nothing. */
function globalVerdicts(workspace: Workspace, now: Date): readonly Verdict[] {
  const { global } = workspace.defaults;
  const active = workspace.clients.filter(({ status }) => status === "active");
  const months = active.map((client) => monthOf(client, workspace, now));
  const leastUsd = months.reduce((sum, month) => sum + month.leastUsd, 0);
  const perDay = active.reduce(
    (sum, { schedule, limits }) => sum + Math.min(schedule.times.length, limits.postsPerDay),
    0,
  );
  const file = "in clients/_defaults.yaml";
  const found: Verdict[] = [];
  if (leastUsd > global.usdPerMonth) {
    const says = `all clients cost at least ${money(leastUsd)} in ${monthDays} days at X alone, and global.usd_per_month is ${money(global.usdPerMonth)}`;
    found.push(failed(says, `set global.usd_per_month to ${whole(leastUsd)} or more ${file}`));
  }
  if (perDay > global.postsPerDay) {
    const says = `all clients owe up to ${perDay} posts a day, and global.posts_per_day is ${global.postsPerDay}`;
    found.push(warning(says, `set global.posts_per_day to ${perDay} ${file}`));
  }
  if (found.length > 0) return found;
  return [ok(`all clients cost at least ${money(leastUsd)} of ${money(global.usdPerMonth)} in ${monthDays} days`)];
}

function whole(usd: number): number {
  return Math.ceil(usd);
}
