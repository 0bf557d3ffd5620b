import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { newIdentity } from "../../src/vendors/age.ts";
import { runCli } from "../support/cli.ts";
import { type Stage, stages } from "./whole-tick.ts";

/** Sealed blocks that cannot be used, and files too large to read: the client posts nothing, and the others do. */
const open = stages();

const sealedOf = async ({ workspace }: Stage, client: string): Promise<{ sealed: string }> =>
  parse(await readFile(join(workspace.root, `clients/${client}.yaml`), "utf8")).credentials;

test("a block copied from another client is refused, and neither account is posted to by it", async () => {
  const stage = await open({ clients: ["acme", "beta"] });
  await stage.workspace.editClient("acme", { credentials: await sealedOf(stage, "beta") });
  const seen = await stage.tick();
  expect(seen.code).toBe(1);
  expect(stage.slotOf(seen, "acme")).toMatchObject({
    outcome: "deferred",
    cause: "config",
    reason: "the sealed block in clients/acme.yaml belongs to another client (run: seal acme)",
  });
  expect(stage.slotOf(seen, "beta")).toMatchObject({ outcome: "posted" });
  expect(stage.services.x.posts().map(({ xUserId }) => xUserId)).toEqual([stage.clients[1]?.xUserId]);
});

test("a client that could not open its credentials pays for no text", async () => {
  const stage = await open();
  const { identity } = await newIdentity();
  const seen = await stage.tick(0, { environment: { CLARA_IDENTITY: identity } });
  expect(seen.code).toBe(1);
  expect(stage.slotOf(seen)).toMatchObject({ cause: "config", reason: expect.stringContaining("can't be opened") });
  expect([stage.services.model.requests(), stage.services.x.posts().length]).toEqual([0, 0]);
  // Mended in time, the same slot is posted.
  expect(stage.slotOf(await stage.tick(15))).toMatchObject({ outcome: "posted" });
});

test("a client without credentials says which command writes them", async () => {
  const stage = await open({ clients: ["acme", "beta"] });
  await stage.workspace.editClient("acme", { credentials: undefined });
  const seen = await stage.tick();
  expect(seen.code).toBe(1);
  expect(stage.slotOf(seen, "acme")).toMatchObject({ cause: "config", reason: expect.stringContaining("seal acme") });
  expect(seen.report?.totals).toMatchObject({ posted: 1 });
});

test("a file of 10 MB is refused by its size without being parsed, and the others post", async () => {
  const stage = await open({ clients: ["acme", "beta"] });
  const file = join(stage.workspace.root, "clients/acme.yaml");
  await writeFile(file, `${await readFile(file, "utf8")}# ${"x".repeat(10 * 1024 * 1024)}\n`);
  const checked = await runCli(["validate", "--root", stage.workspace.root]);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toMatch(/^clients\/acme\.yaml:1:1 the file has 102\d\d KiB, and 128 KiB is the most \(/m);
  const seen = await stage.tick();
  expect(seen).toMatchObject({ code: 1, report: { totals: { posted: 1 } } });
  expect(stage.slotOf(seen, "acme")).toBeUndefined();
});

test("where links are denied, a fallback text with a link stays unposted", async () => {
  const stage = await open({ change: { links: "deny", fallbacks: ["See example.com for the rest of the story."] } });
  stage.services.faults.model = () => ({ kind: "texts", texts: ["Read it all at example.org today."] });
  const seen = await stage.tick();
  expect(stage.services.x.posts()).toEqual([]);
  expect(seen.report?.totals.posted).toBe(0);
  expect(seen.stdout + seen.stderr).toMatch(/link/);
});
