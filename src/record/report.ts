import type { Cause, Outcome, RunInfo, ServiceName, Usage } from "../terms.ts";
import { nextAction } from "./next-action.ts";
import { mergeBySlot, roundUsd, sumTotals } from "./totals.ts";
import { storable } from "./visible.ts";

/** What one tick did: the JSON of `run --json`, and what the ledger keeps of the run. Instants are ISO 8601 in UTC. */
export interface RunReport {
  run: {
    id: string;
    commit: string;
    mode: Readonly<Record<ServiceName, "real" | "sandbox">>;
    startedAt: string;
    finishedAt: string;
  };
  slots: readonly SlotReport[];
  totals: Totals;
  /** Halts that stand, of the clients that this run serves; missing when there is none. */
  halts?: readonly HaltReport[];
}

/** A person's decision, which holds until a person lifts it. The scope is a client's id, or `*` for everything. */
export interface HaltReport {
  scope: string;
  why: string;
}

export interface SlotReport {
  slot: string;
  client: string;
  handle: string;
  outcome: Outcome;
  reason?: string;
  cause?: Cause;
  nextAction?: string;
  postId?: string;
  /** Address of the post; missing when X is the sandbox. */
  link?: string;
  text?: string;
  /** Missing for a fallback text. */
  model?: string;
  promptVersion?: string;
  /** True when the client only rehearses: the text was recorded, not sent. */
  rehearsal: boolean;
  tokens: number;
  costUsd: number;
  latenessSeconds: number;
}

export interface OutcomeCounts extends Record<Outcome, number> {
  /** Slots that were tried and went wrong: dead letters, unknown outcomes, and those a service or the checks stopped. */
  failed: number;
  tokens: number;
  costUsd: number;
}

export interface Totals extends OutcomeCounts {
  attempted: number;
  /** failed ÷ attempted, 0 to 1; 0 when nothing was attempted. */
  errorRate: number;
  /** Deferred slots that wait for a rate limit. */
  queueDepth: number;
  runtimeSeconds: number;
  perClient: Readonly<Record<string, OutcomeCounts>>;
}

/** How one slot ended, as the stages know it. */
export type SlotResult = Omit<SlotReport, "link" | "nextAction" | "tokens"> & { usage?: Usage };

export interface ReportInput {
  run: RunInfo;
  finishedAt: Date;
  /** By a clock that moves even where `--now` stands still. */
  runtimeSeconds: number;
  slots: readonly SlotResult[];
  halts?: readonly HaltReport[];
}

/** An API may answer with a whole page; nobody reads more of a reason than this. */
const maxReasonLength = 1000;

/**
 * Adds up what the slots of one tick came to. A slot that is named twice, settled first and worked on later,
 * counts once: its last outcome holds, its costs add up. Money is summed in millionths of a dollar, so sums agree.
 */
export function buildReport({ run, finishedAt, runtimeSeconds, slots, halts = [] }: ReportInput): RunReport {
  const reports = mergeBySlot(slots.map((slot) => toSlotReport(slot, run)));
  return {
    run: {
      id: run.id,
      commit: run.commit,
      mode: run.mode,
      startedAt: run.startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
    },
    slots: reports,
    totals: sumTotals(reports, runtimeSeconds),
    ...(halts.length > 0 && { halts: halts.map(({ scope, why }) => ({ scope, why: storable(cut(why)) })) }),
  };
}

/** A rehearsal that came as far as a post would have. */
export function wouldHavePosted(slot: SlotReport): boolean {
  return slot.rehearsal && slot.outcome === "skipped" && slot.text !== undefined;
}

function toSlotReport({ usage, reason, text, ...result }: SlotResult, run: RunInfo): SlotReport {
  const action = nextAction(result.outcome, result.cause);
  const link = run.mode.x === "real" ? postLink(result.handle, result.postId) : undefined;
  return {
    ...result,
    ...(reason === undefined ? {} : { reason: storable(cut(reason)) }),
    ...(text === undefined ? {} : { text: storable(text) }),
    ...(action === undefined ? {} : { nextAction: action }),
    ...(link === undefined ? {} : { link }),
    tokens: usage === undefined ? 0 : usage.inputTokens + usage.outputTokens,
    costUsd: roundUsd(result.costUsd),
  };
}

/** Undefined unless both parts look as X writes them: the address stands in a summary that people click in. */
function postLink(handle: string, postId: string | undefined): string | undefined {
  if (postId === undefined || !/^\d{1,20}$/.test(postId) || !/^\w{1,15}$/.test(handle)) return undefined;
  return `https://x.com/${handle}/status/${postId}`;
}

function cut(reason: string): string {
  return reason.length <= maxReasonLength ? reason : `${reason.slice(0, maxReasonLength)}…`;
}
