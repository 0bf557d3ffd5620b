import { all, hanging, limits, modelError, type PlantedFault, sql } from "./planting.ts";
import { runOf } from "./stage.ts";

/** What can be wrong with models, prices, budgets, the workflow, and stops of everything. */
export const sharedFaults: readonly PlantedFault[] = [
  {
    fault: "a key that the model's provider refuses",
    plant: modelError(401, "invalid_api_key"),
    scope: all,
    check: "model openai/gpt-5-mini",
    says: /the model's server answered 401/,
    fix: /write a key that the provider accepts into OPENAI_API_KEY/,
  },
  {
    fault: "a model that the key may not use",
    plant: modelError(404, "model_not_found"),
    scope: all,
    check: "model openai/gpt-5-mini",
    says: /404 model_not_found/,
    fix: /may use openai\/gpt-5-mini, or name another model/,
  },
  {
    fault: "a key without credit",
    plant: modelError(429, "insufficient_quota"),
    scope: all,
    check: "model openai/gpt-5-mini",
    says: /429 insufficient_quota/,
    fix: /add credit at the model's provider/,
  },
  {
    fault: "a model that hangs",
    plant: ({ services }) => {
      services.faults.model = () => ({ kind: "hang" });
    },
    run: hanging,
    scope: all,
    check: "model openai/gpt-5-mini",
    says: /openai\/gpt-5-mini gave no answer within 5 s/,
    fix: /OPENAI_BASE_URL is the provider's address/,
  },
  {
    fault: "a price that nobody has looked at for long",
    plant: (stage) =>
      stage.edit("clients/_prices.yaml", (file) =>
        JSON.parse(JSON.stringify(file).replaceAll("2026-11-20", "2026-05-20")),
      ),
    scope: all,
    check: "price openai/gpt-5-mini",
    status: "warning",
    says: /the price was checked 185 days ago/,
    fix: /compare it with the source in clients\/_prices.yaml, and set `checked` to 2026-11-21/,
  },
  {
    fault: "a budget for all that one month of posts exceeds",
    plant: (stage) =>
      stage.edit("clients/_defaults.yaml", (file) => ({
        ...file,
        global: { ...limits, posts_per_day: 48, usd_per_month: 20 },
      })),
    scope: all,
    check: "limits",
    says: /all clients cost at least \$21.60 in 30 days at X alone, and global.usd_per_month is \$20.00/,
    fix: /set global.usd_per_month to 22 or more in clients\/_defaults.yaml/,
  },
  {
    fault: "posts a day for all that are too few",
    plant: (stage) => stage.edit("clients/_defaults.yaml", (file) => ({ ...file, global: limits })),
    scope: all,
    check: "limits",
    status: "warning",
    says: /all clients owe up to 48 posts a day, and global.posts_per_day is 24/,
    fix: /set global.posts_per_day to 48/,
  },
  {
    fault: "a workflow that GitHub disabled",
    plant: ({ github }) => {
      github.workflow = { state: "disabled_inactivity", runs: [runOf(90_000)] };
    },
    scope: all,
    check: "workflow",
    says: /run.yml is not enabled: disabled_inactivity/,
    fix: /Enable workflow/,
  },
  {
    fault: "a workflow that has not run for two days",
    plant: ({ github }) => {
      github.workflow = { state: "active", runs: [runOf(2880)] };
    },
    scope: all,
    check: "workflow",
    says: /the last run started 2 d 00 h ago/,
    fix: /start it once/,
  },
  {
    fault: "a workflow that has not run for hours",
    plant: ({ github }) => {
      github.workflow = { state: "active", runs: [runOf(300)] };
    },
    scope: all,
    check: "workflow",
    status: "warning",
    says: /5 h 00 min ago/,
    fix: /or let an outside clock start it/,
  },
  {
    fault: "a workflow that never ran",
    plant: ({ github }) => {
      github.workflow = { state: "active", runs: [] };
    },
    scope: all,
    check: "workflow",
    status: "warning",
    says: /has never run/,
    fix: /start it once/,
  },
  {
    fault: "a run that failed",
    plant: ({ github }) => {
      github.workflow = { state: "active", runs: [runOf(20, "failure")] };
    },
    scope: all,
    check: "workflow",
    status: "warning",
    says: /ended as failure/,
    fix: /read its summary: https:\/\/github.com\/acme\/clara\/actions\/runs\/1/,
  },
  {
    fault: "no such workflow",
    plant: ({ github }) => {
      github.workflow = undefined;
    },
    scope: all,
    check: "workflow",
    says: /GitHub answered 404/,
    fix: /use a token that may read this repository's actions/,
  },
  {
    fault: "a token that GitHub refuses, and repeats",
    plant: ({ github }) => {
      github.fault = { status: 401 };
    },
    scope: all,
    check: "workflow",
    says: /GitHub answered 401/,
    fix: /use a token that may read/,
  },
  {
    fault: "a GitHub that hangs",
    plant: ({ github }) => {
      github.fault = "hang";
    },
    run: hanging,
    scope: all,
    check: "workflow",
    says: /GitHub gave no answer within 5 s/,
    fix: /githubstatus.com/,
  },
  {
    fault: "a halt of everything",
    plant: sql("insert into clara.halt values ('*', 'wrong numbers', now())"),
    scope: all,
    check: "halt",
    status: "warning",
    says: /halted: wrong numbers/,
    fix: /run `npm start -- resume`$/,
  },
  {
    fault: "a breaker that keeps everybody waiting for X",
    plant: sql(
      "insert into clara.breaker (scope, cause, failures, reason, since, until, opened_at) values ('*x', 'app', 3, 'X refuses the app', '2026-11-21T09:00Z', '2026-11-21T11:00Z', '2026-11-21T09:00Z')",
    ),
    scope: all,
    check: "breaker",
    status: "warning",
    says: /every client waits for X \(breaker open\): .*X refuses the app/,
    fix: /mend what the reason says/,
  },
];
