import { describe, expect, test } from "vitest";
import { at, day, draftOf, type OpenLedger } from "../support/ledger.ts";
import { stepsOf } from "./ledger-steps.ts";

/** Texts that have broken something somewhere. */
const texts = [
  `quotes ' '' " and a comment -- ; drop table clara.slot; /*`,
  "dollars $$ $body$ $1 and %s %I %",
  String.raw`backslashes \ \\ \n \u0041 E'\x41'`,
  "emoji 👩🏽‍🚀🇩🇪 é and e\u0301, עברית, 日本語, \u2028 and \u200b",
  "lines\nand\ttabs\r\n",
  '{"armed": true} null [] <script>alert(1)</script>',
  " ",
];

/** Untrusted text stays text. */
export function textContract(open: OpenLedger): void {
  const begin = async () => stepsOf(await open());

  test.for(texts)("%j comes back unchanged", async (text) => {
    const steps = await begin();
    const slot = `acme/${text}`;
    await steps.claim({ slot });
    await steps.store([draftOf(text, { topic: text, model: text })], { slot });
    const claim = await steps.claim({ slot, run: text, now: at(300) });
    expect(claim).toMatchObject({ slot, draft: { text, topic: text, model: text } });
    await steps.arm({ slot, fence: 2, fingerprint: text, xUserId: text });
    const backoff = { scope: "client" as const, until: at(day), reason: text };
    await steps.record("unknown", { slot, fence: 2, reason: text, backoff });
    const state = await steps.openTick({ now: at(day) });
    expect(state.unsettled).toMatchObject([{ id: slot, draft: { text }, xUserId: text }]);
    expect(state.clients.get("acme")?.accounts).toEqual(new Map([[text, text]]));
    await steps.record("posted", { slot, fence: 3, reason: text, postId: text });
    expect(await steps.slotRow(slot)).toMatchObject({ reason: text });
    expect(await steps.rows("post")).toMatchObject([{ post_id: text }]);
  });

  describe.for([
    { what: "a NUL character", text: "a\u0000b" },
    { what: "half a surrogate pair", text: "a\ud83db" },
  ])("$what, which Postgres can't hold,", ({ text }) => {
    test("in a draft is refused for good, and harms nothing", async () => {
      const steps = await begin();
      await steps.claim();
      await steps.reserve();
      const before = await steps.everything();
      const store = steps.store([text], { completions: 1, usd: 0.001 });
      await expect(store).rejects.toMatchObject({ name: "PostingError", kind: "rejected" });
      expect(await steps.everything()).toEqual(before);
    });

    test("in a reason or a report is replaced, so that no outcome is lost", async () => {
      const steps = await begin();
      await steps.openTick({ run: "run-1" });
      await steps.claim();
      const backoff = { scope: "client" as const, until: at(60), reason: text };
      expect(await steps.record("deferred", { reason: text, backoff })).toBe(true);
      await steps.ledger.closeTick({ run: "run-1", now: at(1), report: { slots: [{ reason: text }] } });
      expect(await steps.slotRow()).toMatchObject({ reason: "a\ufffdb" });
      expect(await steps.rows("backoff")).toMatchObject([{ reason: "a\ufffdb" }]);
      expect(await steps.rows("run")).toMatchObject([{ report: { slots: [{ reason: "a\ufffdb" }] } }]);
    });
  });
}
