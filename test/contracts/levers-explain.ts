import { expect, test } from "vitest";
import { at, draftOf, runInfo } from "../support/ledger.ts";
import { type Begin, close, refusedByX, slot } from "./levers-steps.ts";

/** What the ledger tells of one slot. */
export function explainContract(begin: Begin): void {
  test.for(["by its slot", "by its post"])("finds a post %s, with everything that led to it", async (how) => {
    const { levers, steps } = await begin();
    await steps.openTick({ run: "run-1" });
    await steps.claim({ now: at(30) });
    await steps.store([draftOf("text")], { completions: 2, usd: 0.25, now: at(30) });
    await steps.arm({ now: at(31) });
    await steps.record("posted", { now: at(32), postId: "77", xUsd: 0.015 });
    await close(steps, "run-1", [{ slot, link: "https://x.com/acme/status/77" }]);
    expect(await levers.explain(how === "by its post" ? "77" : slot)).toEqual({
      slot,
      client: "acme",
      plannedAt: at(0),
      state: "posted",
      changedAt: at(32),
      link: "https://x.com/acme/status/77",
      completions: 2,
      inputTokens: 200,
      cachedTokens: 20,
      outputTokens: 40,
      modelUsd: 0.25,
      xUsd: 0.015,
      draft: draftOf("text"),
      receipt: { checks: 9 },
      post: { id: "77", xUserId: "42", postedAt: at(31) },
      run: { id: "run-1", commit: "c0ffee", mode: runInfo().mode, startedAt: at(0), finishedAt: at(5) },
      sends: [{ number: 1, run: "run-1", armedAt: at(31), outcome: "posted", answeredAt: at(32) }],
      retries: [],
    });
  });

  test("tells of a slot without text, run or send what there is", async () => {
    const { levers, steps } = await begin();
    await steps.claim({ run: "run-of-nobody" });
    const found = await levers.explain(slot);
    expect(found).toMatchObject({ slot, state: "claimed", sends: [], retries: [] });
    expect(Object.keys(found ?? {})).not.toEqual(expect.arrayContaining(["draft"]));
  });

  test("tells of every send and retry, the dropped text included", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps, { cause: "content" });
    await levers.retry({ slots: [slot], now: at(400) });
    await steps.openTick({ run: "run-2", now: at(401) });
    await steps.send("another text", { run: "run-2", now: at(402) });
    const found = await levers.explain(slot);
    expect(found?.retries).toEqual([{ retriedAt: at(400), dropped: draftOf(`a text of ${slot}`) }]);
    expect(found?.sends.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, "dead"],
      [2, undefined],
    ]);
    expect(found?.run).not.toHaveProperty("finishedAt");
  });

  test.for(["", "acme", "acme/2026-11-21T10:00", "78", "%", "' or true --"])("knows nothing of %j", async (key) => {
    const { levers, steps } = await begin();
    await steps.send("text");
    await steps.record("posted", { postId: "77" });
    expect(await levers.explain(key)).toBeUndefined();
  });
}
