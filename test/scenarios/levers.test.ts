import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { RunReport } from "../../src/record/report.ts";
import { xFaults } from "../../src/sandbox/x-faults.ts";
import { runCli, runTickCli, startCli } from "../support/cli.ts";
import { holdBack } from "../support/held-service.ts";
import { type NativePostgres, startPostgres } from "../support/postgres.ts";
import { startServices, type TestServices } from "../support/services.ts";
import { createWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** An operator's commands as real processes, beside real ticks, against every outside service on loopback. */
let postgres: NativePostgres;
let workspace: TestWorkspace;
let services: TestServices;
let nowMs: number;

/** A process starts in a second; in many more on a busy machine. */
const patience = { timeout: 45_000 };
const slot = "acme/2026-11-21T09:00";

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  nowMs = Date.parse("2026-11-21T09:04:00Z");
  workspace = await createWorkspace();
  const clients = [await workspace.addClient("acme")];
  services = await startServices({ postgres, workspace, clients, clock: () => new Date(nowMs) });
});
afterEach(async () => {
  await services.close();
  await workspace.remove();
});

const at = (minutes = 0) => {
  nowMs += minutes * 60_000;
  return ["--root", workspace.root, "--now", new Date(nowMs).toISOString()];
};
const command = (...words: string[]) => runCli([...words, ...at()], services.environment);
const tick = (minutesLater: number) => runTickCli(at(minutesLater), services.environment);
const toSend = ({ method, path }: { method: string; path: string }) => method === "POST" && path === "/2/tweets";

test("a halt while a tick waits for the model stops its send; after a resume the next tick posts that text", async () => {
  const model = await holdBack(services.model.url);
  onTestFinished(model.close);
  const running = startCli(["run", "--json", ...at()], { ...services.environment, OPENAI_BASE_URL: model.url });
  await expect.poll(model.asked, patience).toBe(1);
  const halted = await command("halt", "acme", "--why", "the numbers are wrong");
  expect(halted.code).toBe(0);
  expect(halted.stdout).toContain("Halted acme: nothing more is sent, by a running tick either.");
  model.letGo();
  const { stdout, code } = await running.finished;
  const report = JSON.parse(stdout) as RunReport;
  expect(code).toBe(0);
  expect(report.slots).toMatchObject([
    { slot, outcome: "deferred", cause: "halted", reason: "halted: the numbers are wrong" },
  ]);
  expect(report.slots[0]?.nextAction).toContain("resume command");
  expect(services.x.requests("POST", "/2/tweets")).toBe(0);

  expect((await tick(1)).slots).toMatchObject([{ slot, outcome: "deferred", cause: "halted" }]);
  expect((await command("resume", "acme")).stdout).toContain("Lifted the halt of acme");
  const asked = services.model.requests();
  expect((await tick(1)).slots).toMatchObject([{ slot, outcome: "posted" }]);
  expect(services.model.requests()).toBe(asked);
  expect(services.x.posts()).toHaveLength(1);
});

test("a halt outlives its client's file: every tick names it, until a resume lifts it", async () => {
  await workspace.addClient("beta", { status: "paused" });
  await command("halt", "acme", "--why", "lawyers");
  await rm(join(workspace.root, "clients/acme.yaml"));
  expect((await tick(1)).halts).toEqual([{ scope: "acme", why: "lawyers" }]);
  const resumed = await command("resume", "acme");
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining("Lifted the halt of acme") });
  expect((await tick(1)).halts ?? []).toEqual([]);
  expect((await command("resume", "acne")).code).toBe(2);
});

test("a dead letter that X refused is retried with a new text and posted once; its receipt tells the story", async () => {
  services.faults.x = (request) => (toSend(request) && request.count === 1 ? xFaults.duplicate : undefined);
  expect((await tick(0)).slots).toMatchObject([{ slot, outcome: "dead", cause: "content" }]);
  const listed = await command("dead-letters", "--json");
  expect(JSON.parse(listed.stdout)).toMatchObject({
    deadLetters: [{ slot, cause: "content", mayHaveLeft: 0, retry: true }],
  });
  const retried = await command("retry", slot);
  expect(retried).toMatchObject({ code: 0, stdout: expect.stringContaining("another one is written") });
  // Something else posts on the account, so the client rests until a person has looked.
  expect((await tick(1)).slots).toMatchObject([{ slot, outcome: "deferred", cause: "backing-off" }]);
  expect((await command("resume", "acme")).stdout).toContain(
    "Ended the wait since 2026-11-21 09:04 UTC: X answered 403",
  );
  const [posted] = (await tick(1)).slots;
  expect(posted).toMatchObject({ slot, outcome: "posted" });
  expect(services.x.posts()).toHaveLength(1);

  const again = await command("retry", slot);
  expect(again).toMatchObject({ code: 1, stdout: `❌ ${slot}: it is posted already\n` });
  const told = await command("explain", `https://x.com/handle_1/status/${posted?.postId}?s=20`);
  expect(told.code).toBe(0);
  for (const part of [`Post: ${posted?.postId}`, `Slot: ${slot} of acme`, "Client file: clients/acme.yaml, SHA-256 "]) {
    expect(told.stdout).toContain(part);
  }
  expect(told.stdout).toMatch(/^Send 1: .*: dead at .*\nSend 2: .*: posted at .*\nTaken up again by a person at .*$/m);
});

test("a dead letter whose text is on X is refused, and X keeps one post", async () => {
  services.faults.x = (request) => (toSend(request) ? { kind: "lost-answer" } : undefined);
  expect((await tick(0)).slots).toMatchObject([{ slot, outcome: "unknown" }]);
  await workspace.addClient("beta", { status: "paused" });
  await rm(join(workspace.root, "clients/acme.yaml"));
  expect((await tick(11)).slots).toMatchObject([{ slot, outcome: "dead" }]);
  for (const words of [["retry", slot], ["dead-letters"]]) {
    expect((await command(...words)).stdout).toContain("its text may have reached X");
  }
  expect((await command("retry", slot)).code).toBe(1);
  expect(await command("retry", "--all-safe")).toMatchObject({
    code: 0,
    stdout: "1 dead letter left alone: the dead-letters command says why.\n",
  });
  await tick(1);
  expect(services.x.posts()).toHaveLength(1);
});
