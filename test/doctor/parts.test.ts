import { expect, test } from "vitest";
import { assembleWorkspace } from "../../src/clients/assemble.ts";
import { checkFiles } from "../../src/doctor/files.ts";
import { checkLedger } from "../../src/doctor/ledger.ts";
import { checkLimits } from "../../src/doctor/limits.ts";
import { checkModels, modelVerdict } from "../../src/doctor/model.ts";
import { doctorIssues, doctorLines, doctorSummary } from "../../src/doctor/words.ts";
import { checkAccounts } from "../../src/doctor/x.ts";
import { PostingError } from "../../src/errors.ts";
import { clientYaml, filesWith } from "../clients/workspace.ts";
import { at } from "../support/ledger.ts";

const workspaceOf = (texts: Record<string, string | undefined> = {}) => assembleWorkspace(filesWith(texts));
const deadlineSeconds = 5;

test("without readable defaults there are no limits for all to compare with, and their file says why", () => {
  const workspace = workspaceOf({ "clients/_defaults.yaml": "recipient: 7\n" });
  expect(checkLimits(workspace, workspace.clients, at(0))).toEqual([]);
  const found = checkFiles(workspace).filter(({ status }) => status === "failed");
  expect(found.map(({ scope }) => scope)).toEqual(["all clients", "all clients", "acme"]);
});

test("a paused client owes nothing, so its limits are well", () => {
  const workspace = workspaceOf({ "clients/acme.yaml": `${clientYaml}status: paused\nlimits: { usd_per_month: 0 }\n` });
  const own = checkLimits(workspace, workspace.clients, at(0)).filter(({ scope }) => scope === "acme");
  expect(own).toMatchObject([{ status: "ok", says: "0 posts in 30 days cost $0.00 to $0.00 of $0.00" }]);
});

test("a model without a price is told, even where its answer could be had", async () => {
  const { clients, prices } = workspaceOf();
  const none = { ...prices, models: new Map() };
  const usage = { inputTokens: 9, cachedTokens: 0, outputTokens: 1 };
  const complete = async () => ({ kind: "texts" as const, texts: ["ready"], usage });
  const model = { complete, moderate: async () => undefined };
  const findings = await checkModels({ model, clients, prices: none, now: at(0), deadlineSeconds });
  expect(findings).toMatchObject([
    { check: "model openai/gpt-5-mini", status: "ok" },
    { check: "price openai/gpt-5-mini", status: "failed", fix: "add openai/gpt-5-mini to clients/_prices.yaml" },
  ]);
  expect(await modelVerdict("a/b", { model: undefined, prices, deadlineSeconds })).toMatchObject({ status: "skipped" });
});

test("without CLARA_IDENTITY a sealed block stays closed, and where X says nothing of access that is no failure", async () => {
  const { clients, prices } = workspaceOf({ "clients/acme.yaml": `${clientYaml}status: active\n` });
  const sealed = clients.map((client) => ({ ...client, sealed: "block" }));
  const base = {
    clients: sealed,
    prices,
    deadlineSeconds,
    ownModel: async () => ({ status: "ok" as const, says: "" }),
  };
  expect(await checkAccounts({ ...base, open: undefined, account: undefined })).toMatchObject([{ status: "skipped" }]);
  const open = async () => ({ x: { accessToken: "a", accessSecret: "b" } });
  expect(await checkAccounts({ ...base, open, account: undefined })).toMatchObject([
    { check: "sealed", status: "ok" },
    { check: "account", status: "skipped" },
  ]);
  const whoAmI = async () => ({ xUserId: "101", handle: "ACME_coffee" });
  expect(await checkAccounts({ ...base, open, account: async () => ({ whoAmI }) })).toMatchObject([
    { status: "ok" },
    { check: "account", status: "ok", says: "X answers, and the tokens belong to @ACME_coffee; the read cost $0.01" },
    { check: "access", status: "skipped" },
  ]);
});

test("dead letters that can't be read, several migrations that are missing, and a backoff that is over", async () => {
  const { clients } = workspaceOf();
  const files = ["0001_a.sql", "0002_b.sql", "0003_c.sql"].map((name) => ({ name, sha256: name }));
  const state = {
    clients: new Map([["acme", { accounts: new Map(), backoff: { until: at(-60), reason: "over" } }]]),
    open: [],
    unsettled: [],
  };
  const ledger = {
    info: async () => ({ clock: at(0), migrations: files.slice(0, 1) }),
    state: async () => state,
    deadLetters: () => Promise.reject(new PostingError("unavailable", "the ledger did not answer")),
  };
  const input = { ledger, files, clients, now: at(0), machineClock: () => at(0), deadlineSeconds };
  expect(await checkLedger(input)).toMatchObject([
    { check: "ledger", status: "ok" },
    { check: "schema", says: "the ledger has not got 0002_b.sql and 1 more", fix: "run `npm start -- migrate`" },
    { check: "clock", status: "ok" },
    { scope: "acme", status: "skipped" },
  ]);
});

test("what services and files bring in can neither repaint a terminal nor leave its cell", () => {
  const says = "a\u001b[31m | b\n::error::c ##[error]d <script> @ana";
  const findings = [{ scope: "acme", check: "account", status: "failed" as const, says, fix: "`x` | y" }];
  const line = doctorLines(findings).split("\n")[0] ?? "";
  expect(line).toContain("a\\u001b[31m | b ::error::c ##\\u005berror]d");
  expect(doctorLines(findings).split("\n")).toHaveLength(3);
  const [issue] = doctorIssues(findings, undefined).open;
  for (const markdown of [issue?.body ?? "", doctorSummary(findings)]) {
    expect(markdown).not.toMatch(/\n::|(?<!\\)<script|@ana/);
    expect(markdown).not.toContain("\u001b");
    expect(markdown).toContain("\\| b");
  }
});

test("an issue's text fits into GitHub's limit, however much a service says", () => {
  const findings = Array.from({ length: 2000 }, (_, index) => ({
    scope: "acme",
    check: `check ${index}`,
    status: "failed" as const,
    says: "word ".repeat(200),
    fix: "mend it",
  }));
  const [issue] = doctorIssues(findings, undefined).open;
  expect(Buffer.byteLength(issue?.body ?? "")).toBeLessThanOrEqual(60_000);
  expect(issue?.body).toContain("run the doctor command to see all");
});
