import type { DuePlan, DueSlot } from "./due/plan.ts";
import { whyTried } from "./due/stage.ts";
import { type WorstCase, worstCase, worstCaseOfDraft } from "./gate/cost.ts";
import { reservation } from "./gate/reserve.ts";
import { planWriting } from "./generate/plan.ts";
import type { Claim, RefusedSlot, TickState } from "./ports.ts";
import type { SlotResult } from "./record/report.ts";
import type { Job } from "./serve.ts";
import type { Prompt, Slot, WritingPlan } from "./terms.ts";
import { slotResult, type Tick } from "./tick.ts";

/** The gate: plans what to ask of the models and holds the worst-case cost, in one call, before anything is spent. */
export async function admit(
  tick: Tick,
  { plan, claims, state }: { plan: DuePlan; claims: readonly Claim[]; state: TickState },
): Promise<{ jobs: readonly Job[]; held: readonly SlotResult[] }> {
  const bySlot = new Map(claims.map((claim) => [claim.slot, claim]));
  const stored = new Set(tick.dryRun ? state.open.flatMap(({ id, drafted }) => (drafted ? [id] : [])) : []);
  const drafted = plan.due.map((due) =>
    stored.has(due.slot.id) ? { held: wouldSend(tick, due) } : prepare(tick, due, bySlot.get(due.slot.id), state),
  );
  const jobs = drafted.flatMap((one) => ("job" in one ? [one.job] : []));
  const held = drafted.flatMap((one) => ("held" in one ? [one.held] : []));
  if (tick.dryRun) return { jobs: [], held: [...held, ...jobs.map((job) => wouldServe(tick, job))] };
  const refused = drafted.flatMap((one) => ("refused" in one ? [one.refused] : []));
  return reserve(tick, { jobs, held, refused });
}

function prepare(
  tick: Tick,
  due: DueSlot,
  claimed: Claim | undefined,
  state: TickState,
): { job: Job } | { held: SlotResult; refused?: RefusedSlot } {
  const { slot, client } = due;
  const { prompts, prices } = tick.workspace;
  const claim = claimed ?? (tick.dryRun ? unclaimed(slot.id) : undefined);
  if (claim === undefined) {
    const faster = { reason: "another run, or another slot of this client, was faster", cause: "fence-lost" } as const;
    return {
      held: slotResult(tick, slot, { outcome: "deferred", ...(whyTried(due, state.breakers ?? []) ?? faster) }),
    };
  }
  const knownAccounts = state.clients.get(client.id)?.accounts ?? new Map();
  const { draft } = claim;
  // A stored text goes out as it is: that its prompt or its models are gone by now is nothing to it.
  if (draft !== undefined) {
    return { job: { slot, client, claim, text: { draft }, cost: worstCaseOfDraft(draft, prices), knownAccounts } };
  }
  const plan = planWriting({ client, prompts, prices, slot, claim });
  if ("refused" in plan) {
    const held = slotResult(tick, slot, { outcome: "deferred", reason: plan.refused, cause: "config" });
    return { held, refused: { slot: slot.id, fence: claim.fence, refused: plan.refused } };
  }
  const prompt = prompts.get(plan.prompt) as Prompt;
  return { job: { slot, client, claim, text: { plan, prompt }, cost: worstCase(plan, prices), knownAccounts } };
}

function unclaimed(slot: string): Claim {
  return { slot, fence: 0, recentTexts: [], recentFallbacks: [], recentLinks: 0 };
}

interface Admission {
  jobs: readonly Job[];
  held: readonly SlotResult[];
  /** Claimed already: without this they would wait for their lease to end. */
  refused: readonly RefusedSlot[];
}

async function reserve(tick: Tick, { jobs, held, refused }: Admission) {
  const { services, workspace, run } = tick;
  if (jobs.length + refused.length === 0) return { jobs, held };
  const { global } = workspace.defaults;
  const answers = await services.ledger.reserveSlots(
    reservation({ run: run.id, now: services.clock(), slots: jobs, refused, global }),
  );
  const granted = new Set(answers.filter((answer) => answer.granted).map(({ slot }) => slot));
  const refusals = new Map(answers.flatMap((answer) => (answer.granted ? [] : [[answer.slot, answer] as const])));
  const over = jobs
    .filter(({ slot }) => !granted.has(slot.id))
    .map(({ slot }) => {
      const { reason = "the ledger granted no budget", cause = "over-budget" } = refusals.get(slot.id) ?? {};
      return slotResult(tick, slot, { outcome: "deferred", reason, cause });
    });
  return { jobs: jobs.filter(({ slot }) => granted.has(slot.id)), held: [...held, ...over] };
}

/** A dry run claims nothing, so it knows that a text is stored but not which: the price is that of one with a link. */
function wouldSend(tick: Tick, { slot }: DueSlot): SlotResult {
  return would(tick, slot, { what: sendStored, cost: worstCaseOfDraft({ hasLink: true }, tick.workspace.prices) });
}

function wouldServe(tick: Tick, { slot, text, cost }: Job): SlotResult {
  return would(tick, slot, { what: "draft" in text ? sendStored : wouldWrite(text.plan), cost });
}

const sendStored = "send the text that is stored";

function would(tick: Tick, slot: Slot, { what, cost }: { what: string; cost: WorstCase }): SlotResult {
  const most = (cost.modelUsd + cost.xUsd).toFixed(4);
  return slotResult(tick, slot, {
    outcome: "deferred",
    reason: `dry run: would ${what}, for $${most} at most`,
    cause: "dry-run",
  });
}

function wouldWrite({ prompt, topic, models }: WritingPlan): string {
  return `write with prompt ${prompt} on "${topic}" by ${models[0]}`;
}
