import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEmbeddedLedger } from "../../src/sandbox/pglite.ts";
import { readMigrations } from "../../src/vendors/migrations.ts";
import { refusedByX } from "../contracts/levers-steps.ts";
import { accountFaults } from "../doctor/account-faults.ts";
import { clientFaults } from "../doctor/client-faults.ts";
import { all, modelError, ownFile } from "../doctor/planting.ts";
import { serviceFaults } from "../doctor/service-faults.ts";
import { sharedFaults } from "../doctor/shared-faults.ts";
import { type DoctorStage, doctorStage, filesIn, migrationsDirectory } from "../doctor/stage.ts";
import { showsSecret } from "../support/secret-forms.ts";

const open = doctorStage();

test.for([...serviceFaults, ...sharedFaults, ...accountFaults, ...clientFaults])(
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
