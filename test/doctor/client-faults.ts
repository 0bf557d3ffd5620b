import { refusedByX } from "../contracts/levers-steps.ts";
import { limits, ownFile, type PlantedFault, sql } from "./planting.ts";

/** What can be wrong with one client's limits, and what the ledger knows of it. */
export const clientFaults: readonly PlantedFault[] = [
  {
    fault: "more posts in the schedule than the limit allows",
    plant: ownFile({ limits: { ...limits, posts_per_day: 10 } }),
    scope: "acme",
    check: "limits",
    status: "warning",
    says: /owes 24 posts a day, and limits.posts_per_day allows 10/,
    fix: /set limits.posts_per_day to 24/,
  },
  {
    fault: "fewer completions than the posts can take",
    plant: ownFile({ limits: { ...limits, completions_per_day: 30 } }),
    scope: "acme",
    check: "limits",
    status: "warning",
    says: /24 posts a day can take 48 completions, and limits.completions_per_day allows 30/,
    fix: /set limits.completions_per_day to 48/,
  },
  {
    fault: "fewer completions than one post can take",
    plant: ownFile({ limits: { ...limits, completions_per_day: 1 } }),
    scope: "acme",
    check: "limits",
    says: /a post can take 2 completions/,
    fix: /set limits.completions_per_day to 48/,
  },
  {
    fault: "a budget that cannot last the month",
    plant: ownFile({ limits: { ...limits, usd_per_month: 5 } }),
    scope: "acme",
    check: "limits",
    says: /720 posts in 30 days cost at least \$10.80 at X alone, and limits.usd_per_month is \$5.00/,
    fix: /set limits.usd_per_month to \d+, or write fewer times/,
  },
  {
    fault: "a budget that links could use up",
    plant: ownFile({ links: "allow" }),
    scope: "acme",
    check: "limits",
    status: "warning",
    says: /720 posts in 30 days can cost up to \$14\d/,
    fix: /set limits.usd_per_month to 14\d if no post may be left out/,
  },
  {
    fault: "a halt",
    plant: sql(
      "insert into clara.client (id) values ('acme'); insert into clara.halt values ('acme', 'a typo', now())",
    ),
    scope: "acme",
    check: "ledger",
    status: "warning",
    says: /halted: a typo/,
    fix: /run `npm start -- resume acme`/,
  },
  {
    fault: "a client that backs off",
    plant: sql(
      "insert into clara.client (id) values ('acme'); insert into clara.backoff values ('acme', '2026-11-21T10:00Z', 'X asked to wait')",
    ),
    scope: "acme",
    check: "ledger",
    status: "warning",
    says: /waits until 2026-11-21T10:00:00.000Z: X asked to wait/,
    fix: /it goes on by itself/,
  },
  {
    fault: "a dead letter",
    plant: ({ steps }) => refusedByX(steps, { cause: "content" }),
    scope: "acme",
    check: "ledger",
    says: /1 dead letter, the newest acme\/2026-11-21T09:00: X does not take it/,
    fix: /^run `npm start -- dead-letters`/,
  },
];
