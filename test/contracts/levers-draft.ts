import { expect, test } from "vitest";
import type { Levers } from "../../src/levers.ts";
import { at } from "../support/ledger.ts";
import { type Begin, close, refusedByX, slot } from "./levers-steps.ts";

/** What text a retried slot goes out with. */
export function draftContract(begin: Begin): void {
  const retried = async (levers: Levers) => (await levers.retry({ slots: [slot], now: at(400) }))[0];

  test("is dropped when X refused it for its content, and kept in the record of the retry", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps, { cause: "content" });
    expect(await retried(levers)).toMatchObject({ draft: "refused" });
    expect((await steps.claim({ now: at(401) }))?.draft).toBeUndefined();
    expect(await steps.rows("retry")).toMatchObject([{ dropped: { text: `a text of ${slot}` } }]);
    expect(await steps.store(["another text"], { fence: 3, now: at(402) })).toMatchObject({ stored: 0 });
  });

  test("is kept when X refused the account", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps, { cause: "account" });
    expect(await retried(levers)).toMatchObject({ draft: "kept" });
    expect(await steps.claim({ now: at(401) })).toMatchObject({ draft: { text: `a text of ${slot}` } });
  });

  test("is kept when nothing was sent", async () => {
    const { levers, steps } = await begin();
    await steps.claim();
    await steps.store(["text"]);
    await steps.record("dead");
    expect(await retried(levers)).toMatchObject({ draft: "kept" });
  });

  test.for([
    { report: "of a run that died before it", slots: undefined },
    { report: "without slots", slots: null },
    { report: "that has something else there", slots: "many" },
    { report: "without this slot", slots: [{ slot: "other/1", cause: "content" }] },
    { report: "without a cause", slots: [{ slot }] },
  ])("is kept when the report $report can't tell", async ({ slots }) => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    if (slots !== undefined) await close(steps, "run-1", slots);
    expect(await retried(levers)).toMatchObject({ draft: "unclear" });
    expect((await steps.claim({ now: at(401) }))?.draft).toBeDefined();
  });

  test("that the ledger could not judge is no clearer when the slot dies again before a send", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps);
    await retried(levers);
    await steps.claim({ now: at(401) });
    await steps.record("dead", { fence: 3, now: at(402) });
    expect(await retried(levers)).toMatchObject({ draft: "unclear" });
  });

  test("that was written after a refused one was dropped is not taken for refused", async () => {
    const { levers, steps } = await begin();
    await refusedByX(steps, { cause: "content" });
    await retried(levers);
    await steps.claim({ now: at(401) });
    await steps.store(["another text"], { fence: 3, now: at(402) });
    await steps.record("dead", { fence: 3, now: at(403), reason: "another account" });
    expect(await retried(levers)).toMatchObject({ draft: "kept" });
    expect(await steps.claim({ now: at(404) })).toMatchObject({ draft: { text: "another text" } });
  });
}
