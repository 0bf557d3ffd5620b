import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import type { Context } from "../../src/commands/context.ts";
import { halt } from "../../src/commands/halt.ts";
import { plan } from "../../src/commands/plan.ts";
import { run } from "../../src/commands/run.ts";
import { openLog } from "../../src/vendors/log.ts";
import { createWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** In this process, against the embedded ledger of a folder of its own. */
let workspace: TestWorkspace;
let written: string[];

beforeEach(async () => {
  workspace = await createWorkspace();
  written = [];
});
afterEach(() => workspace.remove());

function contextAt(now: string, ...words: string[]): Context {
  return {
    arguments: parseArguments([...words, "--root", workspace.root]),
    environment: {},
    stateDirectory: join(workspace.root, ".clara"),
    migrationsDirectory: join(import.meta.dirname, "../../schemas/sql"),
    clock: () => new Date(now),
    log: openLog({ stream: { write: () => true } }),
    host: undefined,
    write: (text) => written.push(text),
    stopping: new AbortController().signal,
  };
}

test("what is due comes first, in the order in which it is served, and then what is next", async () => {
  await workspace.addClient("acme");
  expect(await plan(contextAt("2026-11-21T09:04:00Z", "plan", "--json"))).toBe(0);
  expect(JSON.parse(written.join(""))).toEqual({
    now: "2026-11-21T09:04:00.000Z",
    due: [
      { slot: "acme/2026-11-21T09:00", client: "acme", plannedAt: "2026-11-21T09:00:00.000Z", latenessSeconds: 240 },
    ],
    deferred: [],
    missed: [],
    skipped: [],
    next: [{ slot: "acme/2026-11-21T10:00", client: "acme", plannedAt: "2026-11-21T10:00:00.000Z" }],
  });
});

test("of one client, its own slots are shown and no others', also those whose file is gone", async () => {
  await workspace.addClient("acme");
  await workspace.addClient("gone");
  await run(contextAt("2026-11-21T07:04:00Z", "run"));
  await halt(contextAt("2026-11-21T08:59:00Z", "halt", "gone", "--why", "w"));
  await run(contextAt("2026-11-21T09:01:00Z", "run", "--client", "gone"));
  await rm(join(workspace.root, "clients/gone.yaml"));
  await workspace.addClient("bolt");
  const plannedFor = async (...words: string[]) => {
    written = [];
    expect(await plan(contextAt("2026-11-21T09:04:00Z", "plan", "--json", ...words))).toBe(0);
    const { due, skipped, next } = JSON.parse(written.join(""));
    return [due, skipped, next].map((slots: { client: string }[]) => slots.map(({ client }) => client).sort());
  };
  expect(await plannedFor()).toEqual([["acme", "bolt"], ["gone"], ["acme", "bolt"]]);
  expect(await plannedFor("--client", "acme")).toEqual([["acme"], [], ["acme"]]);
});

test.for([
  { words: ["--client", "nobody"], says: "there is no client nobody: clients/nobody.yaml does not exist" },
  { words: ["--client", "acme", "--shards"], says: "--client and --shards exclude each other" },
])("plan $words is wrong usage", async ({ words, says }) => {
  await workspace.addClient("acme");
  const planning = plan(contextAt("2026-11-21T09:04:00Z", "plan", ...words));
  await expect(planning).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(says) });
});

test("what the ledger has settled is not planned again", async () => {
  await workspace.addClient("acme");
  expect(await run(contextAt("2026-11-21T09:04:00Z", "run", "--json"))).toBe(0);
  written = [];
  await plan(contextAt("2026-11-21T09:05:00Z", "plan"));
  expect(written.join("")).toBe(
    "At 2026-11-21T09:05:00.000Z\nnothing is due\nnext     acme/2026-11-21T10:00  2026-11-21T10:00:00.000Z\n",
  );
  written = [];
  await plan(contextAt("2026-11-21T11:30:00Z", "plan"));
  expect(written.join("").split("\n")).toEqual([
    "At 2026-11-21T11:30:00.000Z",
    "due      acme/2026-11-21T11:00  30 min late",
    "missed   acme/2026-11-21T10:00  1 h 30 min late, the limit is 1 h",
    "next     acme/2026-11-21T12:00  2026-11-21T12:00:00.000Z",
    "",
  ]);
});

test("a dry run prices what is due and changes nothing", async () => {
  await workspace.addClient("acme");
  expect(await run(contextAt("2026-11-21T09:04:00Z", "run", "--json", "--dry-run"))).toBe(0);
  const [slot] = JSON.parse(written.join("")).slots;
  expect(slot).toMatchObject({ outcome: "deferred", cause: "dry-run", costUsd: 0 });
  expect(slot.reason).toMatch(/^dry run: would write with prompt plain on .* for \$0\.0\d+ at most$/);
  written = [];
  await plan(contextAt("2026-11-21T09:05:00Z", "plan"));
  expect(written.join("")).toContain("due      acme/2026-11-21T09:00");
});

test("a file with an error fails the plan, which shows the others", async () => {
  await workspace.addClient("acme");
  await writeFile(join(workspace.root, "clients/beta.yaml"), "name: [");
  expect(await plan(contextAt("2026-11-21T09:04:00Z", "plan"))).toBe(1);
  expect(written.join("")).toContain("due      acme/2026-11-21T09:00");
});

test("a run for a client that does not exist is wrong usage", async () => {
  const running = run(contextAt("2026-11-21T09:04:00Z", "run", "--client", "nobody"));
  await expect(running).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining("nobody") });
});

test("a reason that somebody wrote can neither repaint a terminal nor command the runner", async () => {
  await workspace.addClient("acme");
  const why = "\u001b[2Jwrong \u202etone ##[error]x\n::error::y";
  expect(await halt(contextAt("2026-11-21T09:01:00Z", "halt", "--why", why))).toBe(0);
  written = [];
  await plan(contextAt("2026-11-21T09:04:00Z", "plan"));
  const [, line, ...rest] = written.join("").split("\n");
  expect(line).toMatch(/^deferred acme\/2026-11-21T09:00 .*wrong .*tone ##\\u005berror\]x ::error::y$/);
  expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(rest).toHaveLength(2);
  written = [];
  await plan(contextAt("2026-11-21T09:04:00Z", "plan", "--json"));
  expect(written.join("").trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]|##\[/u);
  expect(JSON.parse(written.join("")).deferred[0].reason).toContain(why);
});
