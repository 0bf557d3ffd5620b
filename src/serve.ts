import { PostingError } from "./errors.ts";
import { modelCost, usageBound, type WorstCase } from "./gate/cost.ts";
import { acquire, modelBuckets, sendBuckets } from "./gate/limits.ts";
import { type Generated, generateDraft } from "./generate/generate.ts";
import { type Hearing, heard, modelSigns } from "./model-signs.ts";
import type { Places } from "./places.ts";
import type { Claim } from "./ports.ts";
import { type ModelSigns, publishDraft } from "./post/publish.ts";
import { storeOutcome } from "./post/store-outcome.ts";
import { buildReceipt } from "./record/receipt.ts";
import type { SlotResult } from "./record/report.ts";
import type { ClientServices, XAccess } from "./services.ts";
import type { Cause, Client, Draft, Outcome, Prompt, Slot, Usage, WritingPlan } from "./terms.ts";
import { leaseSeconds, slotResult, type Tick } from "./tick.ts";

/** A claimed slot whose cost is held: nothing stands between it and its post. */
export interface Job {
  slot: Slot;
  client: Client;
  prompt: Prompt;
  claim: Claim;
  plan: WritingPlan;
  cost: WorstCase;
  knownAccounts: ReadonlyMap<string, string>;
}

/** Longest wait for a token bucket inside a tick; a slot that must wait longer is deferred. */
const maxWaitSeconds = 10;

/** One slot from text to post. Throws only what nobody expected; the caller reports it and goes on with other clients. */
export async function serveSlot(tick: Tick, job: Job, outside: Places): Promise<SlotResult> {
  const { stop, services } = tick;
  if (stop.signal.aborted)
    return end(tick, job, { outcome: "deferred", reason: String(stop.signal.reason), cause: "stopped" });
  const bill: Bill = { isOpen: false, answered: false };
  try {
    const opened = await services.openClient(job.client);
    // Before any money is spent: a client without usable credentials pays for no text.
    const x = job.client.status === "active" ? await opened.x() : undefined;
    const written = await draftOf(tick, job, { ...opened, outside }, bill);
    if (written.kind !== "draft") return await endUnwritten(tick, job, written, bill);
    const models = modelSigns(bill);
    return x === undefined
      ? await endRehearsal(tick, job, written, models)
      : await post(tick, job, { ...x, outside }, { ...written, models });
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    const { kind: cause, message: reason } = error;
    // What its own file or credentials lack was the client's turn; a service that does not answer fails everybody.
    const ended = { outcome: "deferred", reason, cause, ownTurn: cause === "config" } as const;
    // The worst case stays held until the lease has ended, and counts as spent then.
    return bill.isOpen ? slotResult(tick, job.slot, ended) : end(tick, job, ended);
  }
}

/** Open while a model has been asked and the ledger does not know yet what that cost. */
interface Bill extends Hearing {
  isOpen: boolean;
}

type Written = Pick<Generated, "spent"> & { kind: "draft"; draft: Draft };

const nothing = { completions: 0, usd: 0, usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0 } };

interface Outside {
  /** A place for what goes to a model or to X. */
  outside: Places;
}

/** A draft that an earlier run stored is used as it is. */
async function draftOf(
  tick: Tick,
  job: Job,
  opened: ClientServices & Outside,
  bill: Bill,
): Promise<Generated | Written> {
  const { draft } = job.claim;
  if (draft !== undefined) return { kind: "draft", draft, spent: nothing };
  const { limiter, clock, sleep } = tick.services;
  const { client, plan, claim, slot } = job;
  const { lateThen, lateWithinSeconds } = client.schedule;
  const latestAt = lateThen === "skip" && { latestAt: new Date(slot.plannedAt.getTime() + lateWithinSeconds * 1000) };
  const model = await opened.model();
  const written = await generateDraft(
    { client, plan, claim, now: clock(), ...latestAt },
    {
      complete: (request) => {
        bill.isOpen = true;
        return heard(
          opened.outside(() => model.complete(request)),
          bill,
        );
      },
      moderate: model.moderate,
      take: async () => {
        const buckets = modelBuckets(client.id, tick.workspace.defaults.modelRequestsPerSecond);
        const taken = await acquire(limiter, buckets, { clock, sleep, maxWaitSeconds });
        return taken.allowed ? taken : { allowed: false, reason: `rate limit ${taken.key}`, until: taken.retryAt };
      },
      store: async (...made) => {
        const stored = await storeDraft(tick, job, made);
        bill.isOpen = false;
        return stored;
      },
      cost: (name, usage) => modelCost(name, usage, tick.workspace.prices),
      bound: usageBound,
    },
  );
  // A fallback text goes out as quietly as any other: a revoked key must not hide behind it until none is left.
  const { troubles } = written;
  if (troubles.length > 0) tick.log.warn("a model gave no text", { slot: slot.id, troubles });
  return written;
}

function storeDraft(
  { services, run }: Tick,
  { client, prompt, claim, slot, plan }: Job,
  [candidates, spent, checks]: Parameters<Parameters<typeof generateDraft>[1]["store"]>,
) {
  return services.ledger.storeDraft({
    run: run.id,
    slot: slot.id,
    fence: claim.fence,
    now: services.clock(),
    leaseSeconds,
    candidates,
    rehearsal: client.status === "rehearsal",
    spent,
    receipt: buildReceipt({ run, client, prompt, plan, checks }),
  });
}

async function post(
  tick: Tick,
  job: Job,
  { account, app, outside, ...proof }: XAccess & Outside,
  written: Written & { models: ModelSigns },
): Promise<SlotResult> {
  const { services, workspace, run } = tick;
  const { ledger, limiter, clock, sleep } = services;
  const { global } = workspace.defaults;
  const { client, claim, slot, knownAccounts } = job;
  const { draft, spent, models } = written;
  const taken = await acquire(limiter, sendBuckets(client.xUserId, app), { clock, sleep, maxWaitSeconds });
  if (!taken.allowed) {
    const reason = `rate limit ${taken.key}, until ${taken.retryAt.toISOString()}`;
    return end(tick, job, { outcome: "deferred", reason, cause: "rate-limited", draft, spent, models });
  }
  const ports = { ledger, account, prices: workspace.prices, global, clock, sleep, outside };
  const result = await publishDraft(
    { slot: slot.id, fence: claim.fence, draft, client, ...proof, knownAccounts, models },
    { ...ports, run: run.id, leaseSeconds },
  );
  if (result.stop === "all") tick.stop.abort(result.reason ?? "X answers for no client");
  const costUsd = result.costUsd + spent.usd;
  return slotResult(tick, slot, { ...result, costUsd, draft, usage: spent.usage });
}

function endUnwritten(
  tick: Tick,
  job: Job,
  { kind: outcome, reason, spent }: Exclude<Generated, { kind: "draft" }>,
  bill: Bill,
): Promise<SlotResult> {
  const cause = outcome === "skipped" ? "no-text" : "rate-limited";
  // A client whose model was asked had its turn; one that a limiter let not ask had none.
  return end(tick, job, { outcome, reason, cause, spent, models: modelSigns(bill), ownTurn: bill.isOpen });
}

function endRehearsal(tick: Tick, job: Job, { draft, spent }: Written, models: ModelSigns): Promise<SlotResult> {
  const reason = "rehearsal: written and recorded, not sent";
  return end(tick, job, { outcome: "skipped", reason, cause: "rehearsal", draft, spent, models });
}

/** Ends the slot without a send, in the ledger and in the report. */
async function end(
  tick: Tick,
  { slot, claim }: Job,
  ended: {
    outcome: Outcome;
    reason: string;
    cause: Cause;
    draft?: Draft;
    spent?: { usd: number; usage: Usage };
    models?: ModelSigns;
    ownTurn?: boolean;
  },
): Promise<SlotResult> {
  const { services, run } = tick;
  const { spent, models, ownTurn = false, ...said } = ended;
  const { outcome, reason } = said;
  const input = { run: run.id, slot: slot.id, fence: claim.fence, now: services.clock(), outcome, reason, xUsd: 0 };
  const stored = await storeOutcome({ ...input, ...models, ownTurn }, services);
  const lost = stored === "fence-lost" && {
    outcome: "deferred" as const,
    reason: "another run took this slot",
    cause: "fence-lost" as const,
  };
  return slotResult(tick, slot, { ...said, ...lost, ...(spent && { costUsd: spent.usd, usage: spent.usage }) });
}
