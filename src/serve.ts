import { endUnsent } from "./end.ts";
import { PostingError } from "./errors.ts";
import { modelCost, usageBound, type WorstCase } from "./gate/cost.ts";
import { acquire, modelBuckets, sendBuckets } from "./gate/limits.ts";
import { type Generated, generateDraft } from "./generate/generate.ts";
import { latestAt, whyMissed } from "./lateness.ts";
import { type Hearing, heard, modelSigns } from "./model-signs.ts";
import type { Places } from "./places.ts";
import type { Claim } from "./ports.ts";
import { type ModelSigns, publishDraft } from "./post/publish.ts";
import { buildReceipt } from "./record/receipt.ts";
import type { SlotResult } from "./record/report.ts";
import type { ClientServices, XAccess } from "./services.ts";
import type { Client, Draft, Prompt, Slot, WritingPlan } from "./terms.ts";
import { leaseSeconds, slotResult, type Tick } from "./tick.ts";

/** A claimed slot whose cost is held: nothing stands between it and its post. */
export interface Job {
  slot: Slot;
  client: Client;
  claim: Claim;
  /** What an earlier run has stored, or what to ask of the models. */
  text: { draft: Draft } | Writing;
  cost: WorstCase;
  knownAccounts: ReadonlyMap<string, string>;
}

interface Writing {
  prompt: Prompt;
  plan: WritingPlan;
}

/** Longest wait for a token bucket inside a tick; a slot that must wait longer is deferred. */
const maxWaitSeconds = 10;

/** One slot from text to post. Throws only what nobody expected; the caller reports it and goes on with other clients. */
export async function serveSlot(tick: Tick, job: Job, outside: Places): Promise<SlotResult> {
  const { stop, services } = tick;
  if (stop.signal.aborted)
    return endUnsent(tick, job, { outcome: "deferred", reason: String(stop.signal.reason), cause: "stopped" });
  // In a large tick its turn may come after its window: then no text is paid for.
  const late = whyMissed(job.slot, job.client.schedule, services.clock());
  if (late !== undefined) return endUnsent(tick, job, { outcome: "missed", reason: late, cause: "too-late" });
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
    return bill.isOpen ? slotResult(tick, job.slot, ended) : endUnsent(tick, job, ended);
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
  const { text } = job;
  if ("draft" in text) return { kind: "draft", draft: text.draft, spent: nothing };
  const { limiter, clock, sleep } = tick.services;
  const { client, claim, slot } = job;
  const latest = latestAt(slot, client.schedule);
  const model = await opened.model();
  const written = await generateDraft(
    { client, plan: text.plan, claim, now: clock(), ...(latest && { latestAt: latest }) },
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
        const stored = await storeDraft(tick, { ...job, ...text }, made);
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
  { client, prompt, claim, slot, plan }: Job & Writing,
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
    return endUnsent(tick, job, { outcome: "deferred", reason, cause: "rate-limited", draft, spent, models });
  }
  const late = (at: Date) => whyMissed(slot, client.schedule, at);
  const outward = { account, outside, prices: workspace.prices, whyMissed: late };
  const ports = { ...outward, ledger, global, clock, sleep };
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
  return endUnsent(tick, job, { outcome, reason, cause, spent, models: modelSigns(bill), ownTurn: bill.isOpen });
}

function endRehearsal(tick: Tick, job: Job, { draft, spent }: Written, models: ModelSigns): Promise<SlotResult> {
  const reason = "rehearsal: written and recorded, not sent";
  return endUnsent(tick, job, { outcome: "skipped", reason, cause: "rehearsal", draft, spent, models });
}
