import { expect, test } from "vitest";
import type { ClaimInput } from "../../src/ports.ts";
import { at, type OpenLedger } from "../support/ledger.ts";
import { breaker, restsUntil, rule, sendAt } from "./ledger-breakers.ts";
import { type Steps, stepsOf } from "./ledger-steps.ts";

type Due = ClaimInput["due"][number];

const active = (client: string): Due => ({ slot: `${client}/next`, client, plannedAt: at(0), minGapSeconds: 0 });
const rehearsal = (client: string): Due => ({ ...active(client), needsX: false });

/** What a slot that never comes to X has to do with its breakers: nothing. */
export function rehearsalContract(open: OpenLedger): void {
  /** X failed at 0 s; gives the second from which one slot is tried. */
  const failed = async (): Promise<{ steps: Steps; seconds: number }> => {
    const steps = stepsOf(await open());
    await sendAt(steps, { client: "zoe", seconds: 0, strikes: [rule()] });
    return { steps, seconds: await restsUntil(steps, "*x") };
  };
  const silenceModels = (steps: Steps) =>
    steps.sql(`insert into clara.breaker (scope, cause, failures, reason, since, until, opened_at)
      select '*model', 'no-answer', 1, 'silent', since, until, opened_at from clara.breaker`);
  const claimAt = async (steps: Steps, seconds: number, ...due: readonly Due[]) =>
    (await steps.claimAll({ now: at(seconds), leaseSeconds: 600, due })).map(({ slot }) => slot);

  test("while X rests, rehearsals go on, and active clients wait", async () => {
    const { steps } = await failed();
    const due = [rehearsal("acme"), active("bolt"), rehearsal("cora"), { ...active("dora"), needsX: true }];
    expect(await claimAt(steps, 1, ...due)).toEqual(["acme/next", "cora/next"]);
    for (const waits of ["bolt/next", "dora/next"]) {
      expect(await steps.slotRow(waits)).toMatchObject({
        state: "waiting",
        reason: expect.stringContaining("X says no"),
      });
    }
  });

  test("X is tried with the first active client, beside all rehearsals, and none of these is the one that is tried", async () => {
    const { steps, seconds } = await failed();
    expect(await claimAt(steps, seconds, rehearsal("acme"))).toEqual(["acme/next"]);
    expect(await breaker(steps, "*x")).toMatchObject({ probe: null });
    const due = [rehearsal("bolt"), active("cora"), active("dora"), rehearsal("echo")];
    expect(await claimAt(steps, seconds + 1, ...due)).toEqual(["bolt/next", "cora/next", "echo/next"]);
    expect(await breaker(steps, "*x")).toMatchObject({ probe: "cora/next" });
    expect(await claimAt(steps, seconds + 2, active("dora"), rehearsal("finn"))).toEqual(["finn/next"]);
  });

  test("the end of a rehearsal, with a model that answered, says nothing of X", async () => {
    const { steps, seconds } = await failed();
    await claimAt(steps, seconds, rehearsal("acme"));
    await steps.record("skipped", { ...rehearsal("acme"), now: at(seconds), modelAnswered: true });
    expect(await breaker(steps, "*x")).toMatchObject({ failures: 1, probe: null });
    expect(await claimAt(steps, seconds, active("bolt"), active("cora"))).toEqual(["bolt/next"]);
  });

  test("a rehearsal that waits for the models is told of these, also while X rests", async () => {
    const { steps } = await failed();
    await silenceModels(steps);
    expect(await claimAt(steps, 1, rehearsal("acme"))).toEqual([]);
    expect(await steps.slotRow("acme/next")).toMatchObject({ reason: expect.stringMatching(/^silent;/) });
  });

  test("the models are tried with a rehearsal where X rests, though an active client stands before it", async () => {
    const { steps, seconds } = await failed();
    await silenceModels(steps);
    await steps.sql("update clara.breaker set until = until + interval '1 hour' where scope = '*x'");
    const due = [active("acme"), rehearsal("bolt"), rehearsal("cora")];
    expect(await claimAt(steps, seconds, ...due)).toEqual(["bolt/next"]);
    expect(await breaker(steps, "*model")).toMatchObject({ probe: "bolt/next" });
    expect(await breaker(steps, "*x")).toMatchObject({ probe: null });
    expect(await steps.slotRow("cora/next")).toMatchObject({ reason: expect.stringMatching(/^silent;/) });
  });

  test("a rehearsal whose text is written waits for neither", async () => {
    const { steps } = await failed();
    await silenceModels(steps);
    await steps.sql(
      `insert into clara.slot (id, client, planned_at, state, changed_at) values ('acme/next', 'acme', now(), 'waiting', now())`,
    );
    await steps.sql(`insert into clara.draft (slot, client, text, hash, source, prompt, prompt_version, topic, has_link, rehearsal, receipt, run, stored_at)
      values ('acme/next', 'acme', 'kept', 'h', 'model', 'p', '1', 't', false, true, '{}', 'r', now())`);
    expect(await claimAt(steps, 1, rehearsal("acme"), rehearsal("bolt"))).toEqual(["acme/next"]);
  });

  test("a wait of its own client holds a rehearsal too", async () => {
    const steps = stepsOf(await open());
    await sendAt(steps, { client: "acme", seconds: 0, strikes: [rule({ scope: "client", reason: "its own" })] });
    await sendAt(steps, { client: "zoe", seconds: 1, strikes: [rule()] });
    expect(await claimAt(steps, 2, rehearsal("acme"), rehearsal("bolt"))).toEqual(["bolt/next"]);
    expect(await steps.slotRow("acme/next")).toMatchObject({ reason: expect.stringMatching(/^its own;/) });
    expect(await claimAt(steps, await restsUntil(steps, "acme"), rehearsal("acme"))).toEqual(["acme/next"]);
  });
}
