import { setImmediate as nextTurn } from "node:timers/promises";
import { type DuePlan, planDue } from "./due/plan.ts";
import { isServed, leftAlone } from "./due/shards.ts";
import { nextSlot } from "./due/slots.ts";
import { needsX } from "./due/stage.ts";
import { PostingError } from "./errors.ts";
import type { Claim, TickState } from "./ports.ts";
import { haltNotes } from "./record/halts.ts";
import { buildReport, type HaltReport, type RunReport, type SlotResult } from "./record/report.ts";
import type { Job } from "./serve.ts";
import type { Slot } from "./terms.ts";
import { leaseSeconds, type Served, serveEach, slotResult, type Tick } from "./tick.ts";

export interface TickResult {
  report: RunReport;
  /** Sentences for the end of the summary. */
  notes: readonly string[];
  /** The slot that comes due next. */
  next: Slot | undefined;
  /** The latest send before this tick. */
  lastPost: { client: string; postedAt: Date } | undefined;
  /** Errors that no stage expected. Each was logged, and its slot waits until its lease ends. */
  bugs: number;
}

/** One tick, stage by stage. Throws PostingError when the ledger does not answer: without it nothing is sent. */
export async function runTick(tick: Tick): Promise<TickResult> {
  const opened = await open(tick);
  const { state, settled } = await settle(tick, opened);
  // One instant for both: the claim moves watermarks up to its own, and what comes due after the planning is in no list.
  const now = tick.services.clock();
  const plan = due(tick, state, now);
  const loaded = loadAhead(tick, plan);
  const claims = await claim(tick, plan, now);
  const { jobs, held } = await admit(tick, { plan, claims, state });
  await loaded;
  const served = await serve(tick, jobs);
  return record(tick, { plan, held, served: [settled, served], state });
}

async function open({ services, run, dryRun, only }: Tick): Promise<TickState> {
  const now = services.clock();
  if (dryRun) return services.ledger.readTick({ now });
  return services.ledger.openTick({ run, now, leaseSeconds, ...(only && { only }) });
}

/** What is settled here no longer stands in the way of the client's due slot. */
async function settle(tick: Tick, state: TickState): Promise<{ state: TickState; settled: Served }> {
  if (state.unsettled.length === 0) return { state, settled: { results: [], bugs: 0 } };
  const { settleSends } = await import("./settle.ts");
  const settled = await settleSends(tick, state);
  const ended = new Set(settled.results.filter(({ outcome }) => outcome !== "unknown").map(({ slot }) => slot));
  const isOpen = ({ id }: { id: string }) => !ended.has(id);
  return { state: { ...state, open: state.open.filter(isOpen), unsettled: state.unsettled.filter(isOpen) }, settled };
}

function due({ workspace, only, zones }: Tick, state: TickState, now: Date): DuePlan {
  const broken = leftAlone(workspace, state, only);
  return planDue({ clients: workspace.clients, broken, state, now, ...(zones && { zones }) });
}

/** Loads what serving needs while the ledger answers; between two packages its answer is read. */
async function loadAhead({ services, dryRun }: Tick, { due }: DuePlan): Promise<void> {
  if (services.packages === undefined || dryRun || due.length === 0) return;
  for (const load of [() => import("./admit.ts"), () => import("./serve.ts"), ...services.packages]) {
    await nextTurn();
    // What cannot be loaded says so where it is used: the slots of other clients may not need it.
    await load().catch(() => {});
  }
}

/** One call for the batch, and none when there is nothing to write. */
async function claim({ services, run, dryRun }: Tick, plan: DuePlan, now: Date): Promise<readonly Claim[]> {
  const { due, deferred, closed, planned } = plan;
  if (dryRun || [due, deferred, closed, planned].every(({ length }) => length === 0)) return [];
  return services.ledger.claimSlots({
    run: run.id,
    now,
    leaseSeconds,
    due: due.map((one) => ({
      ...row(one.slot),
      minGapSeconds: one.client.schedule.minGapSeconds,
      needsX: needsX(one),
    })),
    deferred: deferred.map(({ slot, reason }) => ({ ...row(slot), reason })),
    closed: closed.map(({ slot, outcome, reason }) => ({ ...row(slot), outcome, reason })),
    planned,
  });
}

function row({ id, client, plannedAt }: Slot) {
  return { slot: id, client, plannedAt };
}

/** gate: what may be served now. Of this and what follows, nothing is loaded when nothing is due. */
async function admit(tick: Tick, admission: { plan: DuePlan; claims: readonly Claim[]; state: TickState }) {
  return admission.plan.due.length === 0 ? { jobs: [], held: [] } : (await import("./admit.ts")).admit(tick, admission);
}

/** generate → post, slots of different clients at the same time. */
async function serve(tick: Tick, jobs: readonly Job[]): Promise<Served> {
  if (jobs.length === 0) return { results: [], bugs: 0 };
  const { serveSlot } = await import("./serve.ts");
  return serveEach(
    tick,
    jobs.map((job) => ({ ...job.slot, job })),
    ({ job }, outside) => serveSlot(tick, job, outside),
  );
}

async function record(
  tick: Tick,
  {
    plan,
    held,
    served,
    state,
  }: { plan: DuePlan; held: readonly SlotResult[]; served: readonly Served[]; state: TickState },
): Promise<TickResult> {
  const { services, run, workspace, only, dryRun, zones } = tick;
  const closed = plan.closed.map(({ slot, outcome, reason }) =>
    slotResult(tick, slot, { outcome, reason, ...(outcome === "missed" && { cause: "too-late" }) }),
  );
  const deferred = plan.deferred
    .filter(({ report }) => report)
    .map(({ slot, reason, cause }) => slotResult(tick, slot, { outcome: "deferred", reason, cause }));
  const results = served.flatMap(({ results }) => results);
  const finishedAt = services.clock();
  const runtimeSeconds = process.uptime() - tick.startedMs / 1000;
  const slots = [...results, ...held, ...closed, ...deferred];
  const halts = haltsIn(state, only);
  const report = buildReport({ run, finishedAt, runtimeSeconds, slots, halts: halts.standing });
  const closing = dryRun ? [] : close(tick, finishedAt, report);
  // Worked out while the ledger answers.
  const clients = workspace.clients.filter(({ id }) => isServed(only, id));
  const ahead = clients.flatMap((client) => nextSlot(client, finishedAt, zones) ?? []);
  const [next] = ahead.sort((one, other) => one.plannedAt.getTime() - other.plannedAt.getTime());
  const notes = [...halts.notes, ...(await closing)];
  return { report, notes, next, lastPost: latestSend(state), bugs: served.reduce((sum, { bugs }) => sum + bugs, 0) };
}

/** What was posted is recorded slot by slot; a report that cannot be stored is still shown. */
async function close({ services, run }: Tick, now: Date, report: RunReport): Promise<readonly string[]> {
  try {
    await services.ledger.closeTick({ run: run.id, now, report });
    return [];
  } catch (error) {
    if (!(error instanceof PostingError)) throw error;
    return [`The report of this run was not stored: ${error.message}.`];
  }
}

/** A wait of everything is named as a halt is, and ends by itself. */
function haltsIn(
  { halted, restUntil, clients }: TickState,
  only: Tick["only"],
): { standing: readonly HaltReport[]; notes: readonly string[] } {
  const own = [...clients].flatMap(([id, { halted: why }]) =>
    why !== undefined && isServed(only, id) ? [{ id, why }] : [],
  );
  const all = halted === undefined || restUntil !== undefined ? [] : [{ scope: "*", why: halted }];
  const standing = [...all, ...own.map(({ id, why }) => ({ scope: id, why }))];
  return { standing, notes: haltNotes({ everything: halted, clients: own }) };
}

function latestSend({ clients }: TickState): TickResult["lastPost"] {
  const sends = [...clients].flatMap(([client, { lastSentAt }]) =>
    lastSentAt ? [{ client, postedAt: lastSentAt }] : [],
  );
  return sends.sort((one, other) => other.postedAt.getTime() - one.postedAt.getTime())[0];
}
