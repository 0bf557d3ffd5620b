import type { DuePlan, DueSlot } from "./due/plan.ts";
import { worstCase } from "./gate/cost.ts";
import { reservation } from "./gate/reserve.ts";
import { planWriting } from "./generate/plan.ts";
import type { Claim, TickState } from "./ports.ts";
import type { SlotResult } from "./record/report.ts";
import type { Job } from "./serve.ts";
import type { Prompt } from "./terms.ts";
import { slotResult, type Tick } from "./tick.ts";

/** The gate: plans what to ask of the models and holds the worst-case cost, in one call, before anything is spent. */
export async function admit(
  tick: Tick,
  { plan, claims, state }: { plan: DuePlan; claims: readonly Claim[]; state: TickState },
): Promise<{ jobs: readonly Job[]; held: readonly SlotResult[] }> {
  const bySlot = new Map(claims.map((claim) => [claim.slot, claim]));
  const drafted = plan.due.map((due) => prepare(tick, due, bySlot.get(due.slot.id), state));
  const jobs = drafted.flatMap((one) => ("job" in one ? [one.job] : []));
  const refused = drafted.flatMap((one) => ("held" in one ? [one.held] : []));
  if (tick.dryRun) return { jobs: [], held: [...refused, ...jobs.map((job) => wouldServe(tick, job))] };
  return reserve(tick, jobs, refused);
}

function prepare(
  tick: Tick,
  { slot, client }: DueSlot,
  claimed: Claim | undefined,
  state: TickState,
): { job: Job } | { held: SlotResult } {
  const { prompts, prices } = tick.workspace;
  const claim = claimed ?? (tick.dryRun ? unclaimed(slot.id) : undefined);
  if (claim === undefined) {
    const reason = "another run, or another slot of this client, was faster";
    return { held: slotResult(tick, slot, { outcome: "deferred", reason, cause: "fence-lost" }) };
  }
  const plan = planWriting({ client, prompts, prices, slot, claim });
  if ("refused" in plan) {
    return { held: slotResult(tick, slot, { outcome: "deferred", reason: plan.refused, cause: "config" }) };
  }
  const prompt = prompts.get(plan.prompt) as Prompt;
  const knownAccounts = state.clients.get(client.id)?.accounts ?? new Map();
  return { job: { slot, client, prompt, claim, plan, cost: worstCase(plan, prices), knownAccounts } };
}

function unclaimed(slot: string): Claim {
  return { slot, fence: 0, recentTexts: [], recentFallbacks: [], recentLinks: 0 };
}

async function reserve(tick: Tick, jobs: readonly Job[], refused: readonly SlotResult[]) {
  const { services, workspace, run } = tick;
  if (jobs.length === 0) return { jobs, held: refused };
  const { global } = workspace.defaults;
  const answers = await services.ledger.reserveSlots(
    reservation({ run: run.id, now: services.clock(), slots: jobs, global }),
  );
  const granted = new Set(answers.filter((answer) => answer.granted).map(({ slot }) => slot));
  const reasons = new Map(answers.flatMap((answer) => (answer.granted ? [] : [[answer.slot, answer.reason] as const])));
  const over = jobs
    .filter(({ slot }) => !granted.has(slot.id))
    .map(({ slot }) => {
      const reason = reasons.get(slot.id) ?? "the ledger granted no budget";
      return slotResult(tick, slot, { outcome: "deferred", reason, cause: "over-budget" });
    });
  return { jobs: jobs.filter(({ slot }) => granted.has(slot.id)), held: [...refused, ...over] };
}

function wouldServe(tick: Tick, { slot, plan, cost }: Job): SlotResult {
  const most = (cost.modelUsd + cost.xUsd).toFixed(4);
  const reason = `dry run: would write with prompt ${plan.prompt} on "${plan.topic}" by ${plan.models[0]}, for $${most} at most`;
  return slotResult(tick, slot, { outcome: "deferred", reason, cause: "dry-run" });
}
