import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { halt } from "../../src/commands/halt.ts";
import { resume } from "../../src/commands/resume.ts";
import { at, secretKey } from "../support/ledger.ts";
import { leverStage } from "../support/levers.ts";

const stage = leverStage();

test("a halt says what it did and what was halted before; a resume what is still halted", async () => {
  expect((await stage.pull(halt, ["halt", "acme", "--why", "wrong numbers"])).stdout.split("\n")).toEqual([
    "Halted acme: nothing more is sent, by a running tick either. Lift it with the resume command.",
    "Why: wrong numbers",
    "Halted before: nothing",
    "",
  ]);
  expect((await stage.pull(halt, ["halt", "--why", "all of it"], { seconds: 120 })).stdout.split("\n")).toEqual([
    "Halted everything: nothing more is sent, by a running tick either. Lift it with the resume command.",
    "Why: all of it",
    "Halted before:",
    "  acme, since 2026-11-21 09:01 UTC: wrong numbers",
    "",
  ]);
  expect((await stage.pull(resume, ["resume"])).stdout.split("\n")).toEqual([
    "Lifted the halt of everything; the next tick goes on.",
    "Halted before:",
    "  everything, since 2026-11-21 09:02 UTC: all of it",
    "  acme, since 2026-11-21 09:01 UTC: wrong numbers",
    "Still halted:",
    "  acme, since 2026-11-21 09:01 UTC: wrong numbers",
    "",
  ]);
  expect((await stage.pull(resume, ["resume"])).stdout).toContain("There was no halt of everything.\n");
  expect(await stage.steps().rows("halt")).toMatchObject([{ scope: "acme" }]);
});

test("the same as JSON", async () => {
  const halted = await stage.pull(halt, ["halt", "--why", " w ", "--json"]);
  const why = { scope: "*", why: "w", haltedAt: "2026-11-21T09:01:00.000Z" };
  expect(JSON.parse(halted.stdout)).toEqual({ halted: why, before: [] });
  const resumed = await stage.pull(resume, ["resume", "--json"]);
  expect(JSON.parse(resumed.stdout)).toEqual({ resumed: "*", lifted: true, before: [why], ended: [] });
});

test("a resume ends the waits and breakers of its scope and says which; those of others stay", async () => {
  const steps = stage.steps();
  for (const [client, scope] of [
    ["bolt", "client"],
    ["acme", "x"],
  ] as const) {
    await steps.claim({ client });
    const strike = { scope, cause: "app", reason: "X says no", baseMinutes: 600, capMinutes: 600, opensAfter: 1 };
    const backoff = { scope: "client" as const, until: at(300), reason: `${client} is full` };
    await steps.record("deferred", { client, strikes: [strike], ...(client === "acme" && { backoff }) });
  }
  const all = await stage.pull(resume, ["resume"]);
  expect(all.stdout).toContain(
    "There was no halt of everything.\nEnded the wait since 2026-11-21 09:00 UTC: X says no\n",
  );
  expect(all.stdout).not.toContain("is full");
  expect((await steps.rows("breaker")).map(({ scope }) => scope)).toEqual(["bolt"]);
  expect(JSON.parse((await stage.pull(resume, ["resume", "acme", "--json"])).stdout)).toMatchObject({
    lifted: false,
    ended: [{ reason: "acme is full" }],
  });
  expect(await steps.claim({ slot: "acme/2", now: at(61) })).toBeDefined();
  expect((await stage.pull(resume, ["resume"])).stdout).not.toContain("Ended");
});

test("a resume by the code from before there were breakers ends them too, and answers as before", async () => {
  const steps = stage.steps();
  await steps.claim();
  const strike = { scope: "x" as const, cause: "app", reason: "no", baseMinutes: 6, capMinutes: 6, opensAfter: 1 };
  await steps.record("deferred", { strikes: [strike] });
  expect(await steps.sql("select public.resume_scope('*') as before")).toEqual([{ before: [] }]);
  expect(await steps.rows("breaker")).toEqual([]);
});

test.for([[], ["--why", ""], ["--why", " "], ["acme"]])(
  "a halt with the words %j is wrong usage: a reason is missing",
  async (words) => {
    await expect(stage.pull(halt, ["halt", ...words])).rejects.toMatchObject({ exitCode: 2, message: /--why/ });
    expect(await stage.steps().rows("halt")).toEqual([]);
  },
);

test("a reason of 500 characters is taken, and a longer one is wrong usage", async () => {
  const longest = "w".repeat(500);
  expect((await stage.pull(halt, ["halt", "--why", ` ${longest} `])).stdout).toContain(`Why: ${longest}\n`);
  await expect(stage.pull(halt, ["halt", "acme", "--why", `${longest}w`])).rejects.toMatchObject({
    exitCode: 2,
    message: "--why takes 500 characters at most, and these are 501: shorten it",
  });
  expect(await stage.steps().rows("halt")).toMatchObject([{ scope: "*", why: longest }]);
});

test.for(["acne", "", "*", "../clients/acme", "--why"])(
  "an unknown client %j is wrong usage, and halts and lifts nothing",
  async (client) => {
    await stage.pull(halt, ["halt", "--why", "before"]);
    const unknown = { exitCode: 2, message: /^there is no client/ };
    await expect(stage.pull(halt, ["halt", "--why=w", "--", client])).rejects.toThrow();
    await expect(stage.pull((context) => halt(named(context, client)), ["halt", "--why=w"])).rejects.toMatchObject(
      unknown,
    );
    await expect(stage.pull((context) => resume(named(context, client)), ["resume"])).rejects.toMatchObject(unknown);
    expect(await stage.steps().rows("halt")).toMatchObject([{ scope: "*", why: "before" }]);
  },
);

function named(context: Parameters<typeof halt>[0], client: string): Parameters<typeof halt>[0] {
  return { ...context, arguments: { ...context.arguments, positionals: [client] } };
}

test("a client whose file was removed is resumed as long as the ledger knows it, and not halted", async () => {
  const steps = stage.steps();
  await stage.pull(halt, ["halt", "acme", "--why", "lawyers"]);
  await steps.claim({ client: "bolt" });
  await steps.record("deferred", { client: "bolt", backoff: { scope: "client", until: at(300), reason: "full" } });
  await steps.claim({ client: "cora" });
  await stage.workspace().addClient("dora");
  await rm(join(stage.workspace().root, "clients/acme.yaml"));
  const resumed = async (client: string) => (await stage.pull(resume, ["resume", client])).stdout;
  expect(await resumed("acme")).toContain("Lifted the halt of acme; the next tick goes on.\n");
  expect(await resumed("bolt")).toContain("There was no halt of bolt.\nEnded the wait: full\n");
  expect(await resumed("cora")).toContain("There was no halt of cora.\n");
  expect([...(await steps.rows("halt")), ...(await steps.rows("backoff"))]).toEqual([]);
  const unknown = { exitCode: 2, message: /^there is no client acne: .* does not exist, and the ledger knows none/ };
  await expect(stage.pull(resume, ["resume", "acne"])).rejects.toMatchObject(unknown);
  await expect(stage.pull(halt, ["halt", "bolt", "--why", "w"])).rejects.toMatchObject({ exitCode: 2 });
});

test("a client whose file is broken can be halted, and everything without any file", async () => {
  await writeFile(join(stage.workspace().root, "clients/acme.yaml"), "name: [");
  expect((await stage.pull(halt, ["halt", "acme", "--why", "w"])).code).toBe(0);
  await rm(join(stage.workspace().root, "clients"), { recursive: true });
  expect((await stage.pull(halt, ["halt", "--why", "w"])).code).toBe(0);
  expect(await stage.steps().rows("halt")).toHaveLength(2);
});

test("a reason can neither command GitHub's runner nor repaint a terminal", async () => {
  const why = "a\n::error::b ##[error]c \u001b[31md \u202ee";
  await stage.pull(halt, ["halt", "--why", why]);
  for (const words of [["resume"], ["resume", "--json"]]) {
    await stage.pull(halt, ["halt", "--why", why]);
    const { stdout } = await stage.pull(resume, words);
    expect(stdout).not.toMatch(/^\s*::|##\[|[^\n\P{C}]/mu);
    expect(stdout).toContain("\\u202e");
  }
  const { stdout } = await stage.pull(halt, ["halt", "--why", why, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ halted: { why } });
});

const inActions = { GITHUB_ACTIONS: "true" };

test("in GitHub Actions the key is masked first", async () => {
  const { stderr } = await stage.pull(halt, ["halt", "--why", "w"], { environment: inActions });
  expect(stderr).toBe(`::add-mask::${secretKey}\n`);
});

test("in GitHub Actions without the ledger's settings a lever fails, for it would move nothing", async () => {
  const environment = { ...inActions, SUPABASE_URL: "", SUPABASE_SECRET_KEY: "" };
  await expect(stage.pull(halt, ["halt", "--why", "w"], { environment })).rejects.toMatchObject({
    exitCode: 1,
    message: /SUPABASE_URL and SUPABASE_SECRET_KEY are not set/,
  });
  expect(existsSync(join(stage.workspace().root, ".clara"))).toBe(false);
});

test("elsewhere without them the ledger of the sandbox is halted, and closed again", async () => {
  const environment = { SUPABASE_URL: "", SUPABASE_SECRET_KEY: "" };
  await stage.pull(halt, ["halt", "--why", "w"], { environment });
  const { stdout } = await stage.pull(resume, ["resume", "--json"], { environment });
  expect(JSON.parse(stdout)).toMatchObject({ lifted: true });
  expect(await stage.steps().rows("halt")).toEqual([]);
});

test("a ledger that does not answer is a failure, not a halt", async () => {
  stage.server().fault("*", "unavailable");
  await expect(stage.pull(halt, ["halt", "--why", "w"])).rejects.toMatchObject({ kind: "unavailable" });
});
