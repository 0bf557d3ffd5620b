import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { sealCredentials } from "../../src/post/seal.ts";
import { openEmbeddedLedger } from "../../src/sandbox/pglite.ts";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { encryptTo, newIdentity } from "../../src/vendors/age.ts";
import { readMigrations } from "../../src/vendors/migrations.ts";
import { refusedByX } from "../contracts/levers-steps.ts";
import {
  type DoctorStage,
  doctorStage,
  type ExamineInput,
  filesIn,
  migrationsDirectory,
  runOf,
} from "../doctor/stage.ts";
import { showsSecret } from "../support/secret-forms.ts";

const open = doctorStage();

interface PlantedFault {
  fault: string;
  plant: (stage: DoctorStage) => unknown;
  /** How the doctor is run, from what was planted. */
  run?: ExamineInput;
  scope: string;
  check: string;
  status?: "warning" | "failed";
  says: RegExp;
  fix: RegExp;
  /** What must fail with it. */
  also?: readonly string[];
}

const all = "all clients";
const ownFile = (change: object) => (stage: DoctorStage) =>
  stage.edit("clients/acme.yaml", (file) => ({ ...file, ...change }));
const xAnswers = (fault: (typeof xFaults)[keyof typeof xFaults]) => (stage: DoctorStage) => {
  const well = stage.services.faults.x;
  const isAcme = (account?: string) => account === stage.clients[0]?.xUserId;
  if (typeof fault !== "function") stage.services.faults.x = (asked) => (isAcme(asked.account) ? fault : well?.(asked));
};
const sql = (statement: string) => (stage: DoctorStage) => stage.services.sql(statement);
const clockOf = (seconds: number) =>
  sql(`create or replace function public.ledger_info() returns jsonb language sql security definer set search_path = '' as $$
    select jsonb_build_object('clock', clock_timestamp() + interval '${seconds} s', 'migrations',
      (select jsonb_agg(jsonb_build_object('name', name, 'sha256', sha256)) from clara.migration)) $$`);
const modelError = (status: number, code: string) => (stage: DoctorStage) => {
  stage.services.faults.model = () => ({ kind: "error", status, code, message: "the key test-openai-key is bad" });
};
const limits = { posts_per_day: 24, completions_per_day: 96, usd_per_month: 50 };

/** Seals whatever is given into the file of acme. */
const sealed =
  (payload: object, id = "acme", recipient?: string) =>
  async (stage: DoctorStage) => {
    const text = await readFile(join(stage.workspace.root, "clients/_defaults.yaml"), "utf8");
    const to = recipient ?? parse(text).recipient;
    const block = await sealCredentials({ client: id, ...tokens, ...payload }, id, (plain) => encryptTo(to, plain));
    await ownFile({ credentials: { sealed: block } })(stage);
  };
const tokens = { access_token: "access-token-of-acme", access_secret: "access-secret-of-acme" };
const otherIdentity = await newIdentity();

const shared: readonly PlantedFault[] = [
  {
    fault: "a prompt with an unknown variable",
    plant: (stage) =>
      stage.edit("prompts/plain.prompt.yml", (file) => ({
        ...file,
        messages: [{ role: "user", content: "{{tpoic}}" }],
      })),
    scope: all,
    check: "files",
    says: /^prompts\/plain.prompt.yml:\d+:\d+ the variable \{\{tpoic\}\} is unknown/,
    fix: /^write "topic"/,
    also: ["acme · files", "beta · files"],
  },
  {
    fault: "half a pair of variables",
    plant: () => {},
    run: { environment: { UPSTASH_REDIS_REST_TOKEN: "" } },
    scope: all,
    check: "settings",
    says: /UPSTASH_REDIS_REST_URL is set, but UPSTASH_REDIS_REST_TOKEN is not/,
    fix: /set or unset the variables named/,
  },
  {
    fault: "a ledger that is down",
    plant: ({ services }) => services.ledger.fault("*", "unavailable"),
    scope: all,
    check: "ledger",
    says: /the ledger answered 503/,
    fix: /the project is not paused/,
  },
  {
    fault: "a ledger that hangs",
    plant: ({ services }) => services.ledger.fault("*", "hang"),
    run: { deadlineSeconds: 1 },
    scope: all,
    check: "ledger",
    says: /the ledger gave no answer within 1 s/,
    fix: /the project is not paused/,
  },
  {
    fault: "a key that Supabase refuses",
    plant: () => {},
    run: { environment: { SUPABASE_SECRET_KEY: "sb_secret_of_another_project" } },
    scope: all,
    check: "ledger",
    says: /the ledger refused the key/,
    fix: /copy SUPABASE_URL and SUPABASE_SECRET_KEY anew/,
  },
  {
    fault: "a ledger from before the doctor",
    plant: sql("drop function public.ledger_info()"),
    scope: all,
    check: "schema",
    says: /older than this checkout/,
    fix: /^run `npm start -- migrate`$/,
  },
  {
    fault: "a migration that is not applied",
    plant: sql("delete from clara.migration where version = '0009'"),
    scope: all,
    check: "schema",
    says: /the ledger has not got 0009_levers.sql/,
    fix: /^run `npm start -- migrate`$/,
  },
  {
    fault: "a migration that changed",
    plant: sql("update clara.migration set sha256 = 'other' where version = '0009'"),
    scope: all,
    check: "schema",
    says: /0009_levers.sql changed after it was applied/,
    fix: /restore that file/,
  },
  {
    fault: "a checkout that is older than the ledger",
    plant: sql("insert into clara.migration (version, name, sha256) values ('9999', '9999_future.sql', 'x')"),
    scope: all,
    check: "schema",
    status: "warning",
    says: /the ledger has 1 migration that this checkout lacks/,
    fix: /update this checkout/,
  },
  {
    fault: "a clock that is two minutes slow",
    plant: clockOf(120),
    scope: all,
    check: "clock",
    status: "warning",
    says: /this machine is 2 min behind the ledger's clock/,
    fix: /NTP/,
  },
  {
    fault: "a clock that is ten minutes fast",
    plant: clockOf(-600),
    scope: all,
    check: "clock",
    says: /this machine is 10 min ahead of the ledger's clock: X refuses/,
    fix: /NTP/,
  },
  {
    fault: "a token that Upstash refuses",
    plant: () => {},
    run: { environment: { UPSTASH_REDIS_REST_TOKEN: "another-token-of-upstash" } },
    scope: all,
    check: "limiter",
    says: /Upstash refused the token, or it may only read/,
    fix: /copy UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN anew, and not the read-only token/,
  },
  {
    fault: "an address at which no Upstash is",
    plant: () => {},
    run: { environment: { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9" } },
    scope: all,
    check: "limiter",
    says: /Upstash gave no clear answer/,
    fix: /see that the database exists/,
  },
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
    run: { deadlineSeconds: 1 },
    scope: all,
    check: "model openai/gpt-5-mini",
    says: /openai\/gpt-5-mini gave no answer within 1 s/,
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
    run: { deadlineSeconds: 1 },
    scope: all,
    check: "workflow",
    says: /GitHub gave no answer within 1 s/,
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

const ofOneClient: readonly PlantedFault[] = [
  {
    fault: "an unknown field",
    plant: ownFile({ topcis: [] }),
    scope: "acme",
    check: "files",
    says: /^clients\/acme.yaml:\d+:1 unknown field "topcis"/,
    fix: /./,
  },
  {
    fault: "a model without a price",
    plant: ownFile({ model: "openai/gpt-6-huge" }),
    scope: "acme",
    check: "files",
    says: /the model "openai\/gpt-6-huge" has no price/,
    fix: /_prices.yaml|write "openai/,
  },
  {
    fault: "no credentials",
    plant: ownFile({ credentials: undefined }),
    scope: "acme",
    check: "sealed",
    says: /no sealed block, so nothing can be sent/,
    fix: /^run `npm start -- connect acme`$/,
  },
  {
    fault: "a block that was sealed to another identity",
    plant: sealed({}, "acme", otherIdentity.recipient),
    scope: "acme",
    check: "sealed",
    says: /sealed to another key than CLARA_IDENTITY/,
    fix: /run `npm start -- connect acme`, or set CLARA_IDENTITY/,
  },
  {
    fault: "a block of another client",
    plant: sealed({}, "beta"),
    scope: "acme",
    check: "sealed",
    says: /belongs to another client/,
    fix: /run `npm start -- connect acme`/,
  },
  {
    fault: "tokens that X does not take",
    plant: sealed({ access_token: "a-revoked-access-token" }),
    scope: "acme",
    check: "account",
    says: /X answered 401: Unauthorized/,
    fix: /when the tokens were revoked, run `npm start -- connect acme`/,
  },
  {
    fault: "a suspended account",
    plant: xAnswers(xFaults.suspended),
    scope: "acme",
    check: "account",
    says: /suspended/,
    fix: /in the account itself/,
  },
  {
    fault: "an X app without credit",
    plant: xAnswers(xFaults.outOfCredit),
    scope: "acme",
    check: "account",
    says: /X answered 402/,
    fix: /add credit in X's developer console/,
  },
  {
    fault: "too many questions to X",
    plant: xAnswers(xFaults.tooManyWithoutHeaders),
    scope: "acme",
    check: "account",
    says: /lets no more requests/,
    fix: /wait, and try again/,
  },
  {
    fault: "an X that hangs",
    plant: (stage) => {
      stage.services.faults.x = () => ({ kind: "hang", done: false });
    },
    run: { deadlineSeconds: 1 },
    scope: "acme",
    check: "account",
    says: /X gave no answer within 1 s/,
    fix: /X's status page/,
    also: ["beta · account"],
  },
  {
    fault: "the tokens of another account",
    plant: (stage) => {
      const other = { id: "gamma", accessToken: "", accessSecret: "", xUserId: "424242", handle: "somebody_else" };
      stage.services.faults.x = () => stage.me(other);
    },
    scope: "acme",
    check: "account",
    says: /belong to X user 424242 \(@somebody_else\), and x_user_id is 1000001/,
    fix: /run `npm start -- connect acme`, signed in as the right account, or correct x_user_id/,
    also: ["beta · account"],
  },
  {
    fault: "an account that was renamed",
    plant: ownFile({ handle: "old_name" }),
    scope: "acme",
    check: "account",
    status: "warning",
    says: /X calls the account @handle_1, and the file @old_name/,
    fix: /correct handle/,
  },
  {
    fault: "tokens that may only read",
    plant: (stage) => {
      stage.services.faults.x = ({ account }) => {
        const client = stage.clients.find(({ xUserId }) => xUserId === account);
        return client && stage.me(client, "read");
      };
    },
    scope: "acme",
    check: "access",
    says: /the tokens may only read/,
    fix: /"Read and write" in X's developer console, and make new tokens: run `npm start -- connect acme`/,
    also: ["beta · access"],
  },
  {
    fault: "a model key of its own that is refused",
    plant: async (stage) => {
      await sealed({ openai_api_key: "sk-proj-own-key-of-acme-0123456789" })(stage);
      modelError(401, "invalid_api_key")(stage);
    },
    scope: "acme",
    check: "own model key",
    says: /the model's server answered 401/,
    fix: /write a key that the provider accepts/,
    also: ["all clients · model openai/gpt-5-mini"],
  },
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

test.for([...shared, ...ofOneClient])(
  "$fault is found, with its fix, and nothing else is",
  async (planted, { onTestFinished }) => {
    const stage = open();
    onTestFinished(() => healMigrations(stage));
    await planted.plant(stage);
    const { code, findings, stdout, stderr } = await stage.examine(planted.run);
    const { scope, check, status = "failed", says, fix } = planted;
    const found = findings.filter(
      (finding) => finding.scope === scope && finding.check === check && finding.status !== "ok",
    );
    expect(found).toMatchObject([{ status, says: expect.stringMatching(says), fix: expect.stringMatching(fix) }]);
    expect(code).toBe(findings.some((finding) => finding.status === "failed") ? 1 : 0);
    expect(
      findings.every((finding) => (finding.fix !== undefined) === ["failed", "warning"].includes(finding.status)),
    ).toBe(true);
    const others = findings.filter((finding) => finding.status === "failed" && !found.includes(finding));
    expect(new Set(others.map((finding) => `${finding.scope} · ${finding.check}`))).toEqual(new Set(planted.also));
    for (const secret of stage.secrets()) expect(showsSecret(stdout + stderr, secret, "acme beta"), secret).toBe(false);
  },
);

async function healMigrations({ services }: DoctorStage): Promise<void> {
  await services.sql("delete from clara.migration where version = '9999'");
  for (const { version, name, sha256 } of await readMigrations(migrationsDirectory)) {
    await services.sql(
      "insert into clara.migration (version, name, sha256) values ($1, $2, $3) on conflict (version) do update set sha256 = excluded.sha256",
      [version, name, sha256],
    );
  }
}

test("where all is well every check is ok, and nothing was written anywhere", async () => {
  const stage = open();
  const before = { ledger: await stage.steps.everything(), files: await filesIn(stage.workspace.root) };
  const redisBefore = stage.services.redis.requests.length;
  const { code, findings, stderr } = await stage.examine();
  expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(findings.map(({ scope, check }) => `${scope} · ${check}`)).toEqual([
    ...["files", "settings", "ledger", "schema", "clock", "limiter", "model openai/gpt-5-mini"].map(
      (name) => `${all} · ${name}`,
    ),
    ...["price openai/gpt-5-mini", "workflow", "limits"].map((name) => `${all} · ${name}`),
    ...["acme", "beta"].flatMap((id) =>
      ["files", "ledger", "sealed", "account", "access", "limits"].map((name) => `${id} · ${name}`),
    ),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await stage.steps.everything()).toEqual(before.ledger);
  expect(await filesIn(stage.workspace.root)).toBe(before.files);
  expect(stage.services.x.requests("POST", "/2/tweets")).toBe(0);
  expect(stage.services.redis.requests.slice(redisBefore).flatMap(({ commands }) => commands)).toEqual([
    ["eval", "return 1", "0"],
  ]);
  expect(stage.github.requests.every((request) => request.startsWith("GET "))).toBe(true);
});

test("of one client named, X is asked about that one alone", async () => {
  const stage = open();
  const before = stage.services.x.requests("GET", "/2/users/me");
  const { findings } = await stage.examine({ words: ["beta", "--json"] });
  expect(new Set(findings.map(({ scope }) => scope))).toEqual(new Set([all, "beta"]));
  expect(stage.services.x.requests("GET", "/2/users/me") - before).toBe(1);
  await expect(stage.examine({ words: ["gamma"] })).rejects.toThrow(/there is no client gamma/);
});

test("in words, one line per check says what is wrong and what to do", async () => {
  const stage = open();
  await ownFile({ credentials: undefined })(stage);
  const { stdout } = await stage.examine({ words: [] });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toContain(
    "❌ acme · sealed: no sealed block, so nothing can be sent → run `npm start -- connect acme`",
  );
  expect(lines).toContain("✅ beta · sealed: the sealed block opens and belongs to this client");
  expect(lines.at(-1)).toMatch(/^\d+ ok, 0 warnings, 1 failed, 0 skipped$/);
});

test("a client that does not send yet needs no credentials: that is a note", async () => {
  const stage = open();
  await ownFile({ credentials: undefined, status: "rehearsal" })(stage);
  const { code, findings } = await stage.examine();
  expect(code).toBe(0);
  expect(findings.filter(({ status }) => status !== "ok")).toEqual([
    {
      scope: "acme",
      check: "sealed",
      status: "skipped",
      says: "no sealed block yet: it is needed before `status: active`, and this is rehearsal",
    },
  ]);
});

test("an old dead letter is told, and is no failure any more", async () => {
  const stage = open();
  await refusedByX(stage.steps, { cause: "content" });
  await stage.services.sql("update clara.slot set changed_at = '2026-11-01T00:00Z'");
  const { code, findings } = await stage.examine();
  expect(code).toBe(0);
  expect(findings.filter(({ status }) => status !== "ok")).toMatchObject([{ scope: "acme", status: "warning" }]);
});

test("without any credentials it says what the sandbox stands in for, and starts nothing", async () => {
  const stage = open();
  const names = [...Object.keys(stage.services.environment), "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"];
  const environment = Object.fromEntries(names.map((name) => [name, ""]));
  const before = await filesIn(stage.workspace.root);
  const { code, findings } = await stage.examine({ environment });
  expect(code).toBe(0);
  const skipped = findings
    .filter(({ status }) => status === "skipped")
    .map(({ scope, check }) => `${scope} · ${check}`);
  expect(skipped).toEqual([
    ...["ledger", "limiter", "model openai/gpt-5-mini", "workflow"].map((name) => `${all} · ${name}`),
    ...["acme · sealed", "beta · sealed"],
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({
      check: "settings",
      says: "ledger: sandbox, limiter: sandbox, model: sandbox, x: sandbox",
    }),
  );
  expect(await filesIn(stage.workspace.root)).toBe(before);
});

test("no secret shows in words, JSON, the job summary or the issues, whatever a service repeats of what it was sent", async () => {
  const stage = open();
  const [acme] = stage.clients;
  const token = acme?.accessToken ?? "";
  const echo = { title: "Forbidden", detail: `no entry for ${token}`, status: 403, type: "about:blank" };
  stage.services.faults.x = () => ({ kind: "answer", done: false, status: 403, body: echo });
  modelError(401, "test-openai-key")(stage);
  stage.github.fault = { status: 401 };
  const out = join(stage.workspace.root, "issues");
  const summary = join(stage.workspace.root, "summary.md");
  const actions = {
    GITHUB_ACTIONS: "true",
    GITHUB_STEP_SUMMARY: summary,
    UPSTASH_REDIS_REST_TOKEN: "another-token-of-upstash",
  };
  const words = await stage.examine({ words: ["--out", out], environment: actions });
  const json = await stage.examine({ environment: actions });
  expect(words.code).toBe(1);
  const issues = await readFile(join(out, "issues.json"), "utf8");
  expect(JSON.parse(issues)).toMatchObject({
    mayClose: false,
    open: [{ scope: all }, { scope: "acme" }, { scope: "beta" }],
  });
  const places = { words: words.stdout, json: json.stdout, summary: await readFile(summary, "utf8"), issues };
  expect(places.words).toContain("X answered 403: no entry for …");
  expect(places.summary).toContain("Doctor: ");
  for (const [place, text] of Object.entries({ ...places, stderr: words.stderr + json.stderr })) {
    const shown = [...stage.secrets(), "another-token-of-upstash"].filter((secret) =>
      showsSecret(text, secret, "acme beta"),
    );
    expect(shown, place).toEqual([]);
  }
});

test("a sandbox that has run tells the state of its own ledger", async () => {
  const stage = open();
  const names = [...Object.keys(stage.services.environment), "GITHUB_TOKEN"];
  const environment = Object.fromEntries(names.map((name) => [name, ""]));
  const state = join(stage.workspace.root, ".clara");
  const ledger = await openEmbeddedLedger(state, await readMigrations(migrationsDirectory));
  await ledger.transaction((query) => query("insert into clara.halt values ('*', 'a drill', now())"));
  await ledger.close();
  const { findings } = await stage.examine({ environment });
  expect(findings).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ check: "schema", status: "ok" }),
      expect.objectContaining({ check: "halt", says: "halted: a drill" }),
    ]),
  );
});
