import { expect, test } from "vitest";
import { hostileTexts, type ModelFault, modelErrors } from "../../src/sandbox/model-faults.ts";
import { stages } from "./whole-tick.ts";

/** A model that fails in every known way, through whole ticks. */
const open = stages();

const evergreens = ["Good work takes the time that it takes.", "Ask the person who uses it every day."];

const faults: readonly { model: string; fault: ModelFault; reason?: RegExp }[] = [
  { model: "refuses", fault: { kind: "refusal" }, reason: /refus/i },
  { model: "is stopped by a content filter", fault: { kind: "content-filter" }, reason: /filter/i },
  { model: "answers nothing", fault: { kind: "empty" } },
  { model: "answers blank texts", fault: { kind: "blank-texts" } },
  { model: "answers broken JSON", fault: { kind: "broken-json" } },
  { model: "gives no choice", fault: { kind: "no-choices" } },
  { model: "is cut off", fault: { kind: "cut-off" } },
  { model: "answers something else than JSON", fault: { kind: "not-json" } },
  { model: "breaks off in its answer", fault: { kind: "cut-body" } },
  { model: "resets the connection", fault: { kind: "reset" } },
  { model: "answers 401", fault: modelErrors.unauthorised, reason: /401/ },
  { model: "has no credit left", fault: modelErrors.outOfQuota, reason: /insufficient_quota/ },
  { model: "answers 503", fault: modelErrors.overloaded, reason: /503/ },
  { model: "answers 500", fault: { kind: "error", status: 500 }, reason: /500/ },
  { model: "does not know the model", fault: { kind: "error", status: 404, code: "model_not_found" }, reason: /404/ },
  { model: "writes only what no check lets through", fault: { kind: "texts", texts: hostileTexts } },
  { model: "writes only what moderation flags", fault: { kind: "flagged" } },
];

test.for(faults)(
  "when the model $model, a fallback text is posted, or the slot is skipped with the reason",
  async ({ fault, reason }) => {
    const { services, workspace, clients, tick, slotOf, rows } = await open({ clients: ["acme", "beta"] });
    await workspace.editClient("acme", { fallbacks: evergreens });
    services.faults.model = () => fault;
    const seen = await tick();
    expect(seen).toMatchObject({ code: 0, report: { totals: { posted: 1, skipped: 1, dead: 0 } } });
    const acme = slotOf(seen, "acme");
    expect(acme).toMatchObject({ outcome: "posted", text: expect.toBeOneOf(evergreens) });
    expect(acme).not.toHaveProperty("model");
    expect(services.x.posts(clients[0]?.xUserId).map(({ text }) => text)).toEqual([acme?.text]);
    const beta = slotOf(seen, "beta");
    expect(beta).toMatchObject({
      outcome: "skipped",
      cause: "no-text",
      reason: expect.stringMatching(reason ?? /^no text; openai\/gpt-5-mini: /),
    });
    expect(services.x.posts(clients[1]?.xUserId)).toEqual([]);
    expect(await rows("beta")).toMatchObject([{ state: "skipped", sends: 0, posts: 0 }]);
    // What no model wrote can't be told from the text alone: the log says what was wrong with the models.
    expect(seen.stderr).toMatch(/warn.*no text.*acme\/2026-11-21T09:00/);
  },
);

test("a fallback text is not used twice in 30 days; then the slot is skipped", async () => {
  const { services, tick, slotOf } = await open({ change: { fallbacks: evergreens } });
  services.faults.model = () => ({ kind: "empty" });
  const texts = [slotOf(await tick())?.text, slotOf(await tick(60))?.text];
  expect(texts.toSorted()).toEqual(evergreens.toSorted());
  expect(slotOf(await tick(60))).toMatchObject({ outcome: "skipped", reason: expect.stringContaining("last 30 days") });
  expect(services.x.posts()).toHaveLength(2);
});

test("a model that asks to wait defers the slot instead of spending a fallback text", async () => {
  const { services, tick, slotOf } = await open({ change: { fallbacks: evergreens } });
  services.faults.model = () => modelErrors.rateLimited;
  const seen = await tick();
  expect(seen.report?.totals).toMatchObject({ posted: 0, deferred: 1, queueDepth: 1 });
  expect(slotOf(seen)).toMatchObject({ outcome: "deferred", cause: "rate-limited" });
  delete services.faults.model;
  expect(slotOf(await tick(1))).toMatchObject({ outcome: "posted", model: "openai/gpt-5-mini" });
});

test("a model that asks to wait beyond the slot's lateness gives way to a fallback text", async () => {
  const { services, tick, slotOf } = await open({ change: { fallbacks: evergreens } });
  services.faults.model = () => ({ ...modelErrors.rateLimited, retryAfter: "7200" });
  expect(slotOf(await tick())).toMatchObject({ outcome: "posted", text: expect.toBeOneOf(evergreens) });
});

test.for([
  { server: "reports no usage", fault: { kind: "no-usage" } as const },
  { server: "knows no JSON schema", fault: { kind: "no-format", refuses: ["json_schema"] } as const },
])("a server that $server still posts the model's text", async ({ fault }) => {
  const { services, tick, slotOf } = await open();
  services.faults.model = () => fault;
  const slot = slotOf(await tick());
  expect(slot, slot?.reason).toMatchObject({ outcome: "posted", model: "openai/gpt-5-mini" });
  expect(slot?.costUsd).toBeGreaterThan(0.015);
});

test("a bad first text is repaired once, and both calls are paid for", async () => {
  const { services, tick, slotOf } = await open();
  let calls = 0;
  services.faults.model = ({ path }) => {
    if (path !== "/v1/chat/completions") return undefined;
    calls += 1;
    return calls === 1 ? { kind: "texts", texts: hostileTexts } : undefined;
  };
  expect(slotOf(await tick())).toMatchObject({ outcome: "posted", model: "openai/gpt-5-mini" });
  expect(calls).toBe(2);
  expect(await services.sql("select completions from clara.slot")).toEqual([{ completions: 2 }]);
});

test("a hostile text never gets anywhere: not to X, not to the ledger, not to the streams", async () => {
  const { services, tick } = await open();
  services.faults.model = () => ({ kind: "texts", texts: hostileTexts });
  const { stdout, stderr } = await tick(0, { environment: { GITHUB_ACTIONS: "true" } });
  const rows = JSON.stringify(await services.sql("select * from clara.draft"));
  for (const text of hostileTexts) for (const place of [stdout, stderr, rows]) expect(place).not.toContain(text);
  expect(services.x.posts()).toEqual([]);
});
