import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { deadLetters } from "../../src/commands/dead-letters.ts";
import { retry } from "../../src/commands/retry.ts";
import { leverStage } from "../support/levers.ts";

const stage = leverStage();
const slot = "acme/2026-11-21T09:00";
const other = "bolt/2026-11-21T09:00";

/** acme's slot was refused by X, and the run said why; bolt's slot left without an answer, and is dead since then. */
async function twoDeadLetters(cause = "account"): Promise<void> {
  const steps = stage.steps();
  await stage.workspace().addClient("bolt");
  await steps.openTick({ run: "run-1" });
  for (const client of ["acme", "bolt"]) {
    await steps.claimAll({ planned: [client] });
    await steps.send(`a text of ${client}`, { client });
  }
  await steps.record("dead", { reason: "X says\n::error::no" });
  await steps.record("unknown", { client: "bolt" });
  await steps.ledger.closeTick({ run: "run-1", now: stageAt(5), report: { slots: [{ slot, cause }] } });
  await steps.openTick({ run: "run-2", now: stageAt(30) });
  await steps.record("dead", { client: "bolt", run: "run-2", fence: 2, now: stageAt(31), reason: "not on X" });
}

const stageAt = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 9) + seconds * 1000);
const stateOf = async (id: string) => (await stage.steps().slotRow(id)).state;

describe("dead-letters", () => {
  test("without any says so", async () => {
    expect(await stage.pull(deadLetters, ["dead-letters"])).toMatchObject({
      code: 0,
      stdout: "There are no dead letters.\n",
    });
    expect((await stage.pull(deadLetters, ["dead-letters", "--json"])).stdout).toBe('{"deadLetters":[]}\n');
  });

  test("lists each, newest first, with what to do and whether a retry takes it", async () => {
    await twoDeadLetters();
    expect((await stage.pull(deadLetters, ["dead-letters"])).stdout.split("\n")).toEqual([
      `❌ ${other} · 2026-11-21 09:00 UTC · not on X`,
      "   The text may have reached X: 1 ×",
      "   Next: Read the reason and look at the account on X; nothing more happens by itself.",
      "   retry: no, its text may have reached X (1 send without a clear answer): another send could post it twice",
      `❌ ${slot} · 2026-11-21 09:00 UTC · X says ::error::no`,
      "   The text may have reached X: no",
      "   Next: Log in to the account on X and do what X asks there.",
      "   retry: yes, the next tick takes it; after 2026-11-21 10:00 UTC it is missed",
      "",
    ]);
    expect(JSON.parse((await stage.pull(deadLetters, ["dead-letters", "--json"])).stdout)).toMatchObject({
      deadLetters: [
        {
          slot: other,
          client: "bolt",
          endedAt: "2026-11-21T09:00:31.000Z",
          reason: "not on X",
          mayHaveLeft: 1,
          retry: false,
        },
        { slot, cause: "account", reason: "X says\n::error::no", mayHaveLeft: 0, retry: true },
      ],
    });
  });
});

describe("retry", () => {
  test.for([[], [slot, "--all-safe"]])("with the words %j is wrong usage", async (words) => {
    await expect(stage.pull(retry, ["retry", ...words])).rejects.toMatchObject({ exitCode: 2 });
  });

  test("takes the safe slot and refuses the others, slot by slot, and exits with 1", async () => {
    await twoDeadLetters();
    const { code, stdout } = await stage.pull(retry, ["retry", slot, other, "crow/1", slot]);
    expect(code).toBe(1);
    expect(stdout.split("\n")).toEqual([
      `✅ ${slot}: owed again: the next tick takes it; after 2026-11-21 10:00 UTC it is missed; its stored text is used`,
      `❌ ${other}: its text may have reached X (1 send without a clear answer): another send could post it twice`,
      "❌ crow/1: the ledger has no such slot",
      "",
    ]);
    expect([await stateOf(slot), await stateOf(other)]).toEqual(["waiting", "dead"]);
  });

  test("writes another text when X refused the one it has", async () => {
    await twoDeadLetters("content");
    const { code, stdout } = await stage.pull(retry, ["retry", slot, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      slots: [{ slot, retried: true, why: expect.stringContaining("X refused its text, so another one is written") }],
      leftAlone: 0,
    });
    expect((await stage.steps().rows("draft")).map((draft) => draft.slot)).toEqual([other]);
  });

  test("with --all-safe takes every safe one, counts the rest, and exits with 0", async () => {
    await twoDeadLetters();
    const { code, stdout } = await stage.pull(retry, ["retry", "--all-safe"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✅ acme.*\n1 dead letter left alone: the dead-letters command says why\.\n$/);
    expect([await stateOf(slot), await stateOf(other)]).toEqual(["waiting", "dead"]);
  });

  test("with --all-safe and no dead letter has nothing to do", async () => {
    const { code, stdout } = await stage.pull(retry, ["retry", "--all-safe"]);
    expect([code, stdout]).toEqual([0, "There are no dead letters.\n"]);
  });

  test("refuses a slot that would be missed at once, and leaves it dead", async () => {
    await twoDeadLetters();
    const { code, stdout } = await stage.pull(retry, ["retry", slot], { seconds: 3601 });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^❌ acme\S+: it would not be posted any more: /);
    expect(await stateOf(slot)).toBe("dead");
  });

  test.for([[slot], ["--all-safe"]])("%j says when another hand was faster, and exits with 1", async (words) => {
    await twoDeadLetters();
    const proxy = createServer((request, response) => void faster(request, response)).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const environment = { SUPABASE_URL: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const { code, stdout } = await stage.pull(retry, ["retry", ...words], { environment });
    proxy.closeAllConnections();
    proxy.close();
    expect(code).toBe(1);
    expect(stdout).toContain(`❌ ${slot}: it changed in the meantime: look at it again\n`);
    expect(await stage.steps().rows("retry")).toHaveLength(1);
  });
});

/** Hands calls on to the ledger; right before the retry somebody else retries the same slot. */
async function faster(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url, headers } = request;
  const body = await text(request);
  const call = () =>
    fetch(`${stage.server().url}${url}`, { method: "POST", headers: { apikey: String(headers.apikey) }, body });
  if (url?.endsWith("retry_slots")) await call();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(await (await call()).text());
}
