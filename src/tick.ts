import type { Zones } from "./due/zones.ts";
import { openPlaces, type Places } from "./places.ts";
import { openProgress } from "./record/progress.ts";
import type { SlotResult } from "./record/report.ts";
import type { Services } from "./services.ts";
import type { Cause, Client, Draft, Only, Outcome, RunInfo, Slot, Usage, Workspace } from "./terms.ts";
import type { Log } from "./vendors/log.ts";

/** Everything that the stages of one tick share. */
export interface Tick {
  workspace: Workspace;
  /** The workspace's clients by id. */
  clients: ReadonlyMap<string, Client>;
  services: Services;
  /** What is known of time zones already. */
  zones?: Zones;
  run: RunInfo;
  /** Serve these clients only. */
  only?: Only;
  /** Plan and price, but write, send and record nothing. */
  dryRun: boolean;
  log: Log;
  /** Aborted when the process is asked to stop, or when an answer concerns every client: nothing new is started. */
  stop: AbortController;
  /** The process's uptime at the start: the runtime is real time even where `--now` is not. */
  startedMs: number;
}

/** A run's lease on a slot. Longer than any slot takes, shorter than most distances between ticks. */
export const leaseSeconds = 600;

/** What goes to models and to X at the same time. */
const concurrency = 32;
/** Slots of different clients in work at the same time, never two of one client: each also waits for the ledger in between. */
const slotsInWork = 48;

export interface Served {
  results: readonly SlotResult[];
  bugs: number;
}

/** Works on every slot, in order; what goes outside waits for a place. A bug ends its own slot; the others go on. */
export async function serveEach<T extends Slot>(
  tick: Tick,
  slots: readonly T[],
  work: (slot: T, outside: Places) => Promise<SlotResult>,
): Promise<Served> {
  const results: SlotResult[] = [];
  let bugs = 0;
  const progress = openProgress();
  const queue = slots.values();
  const outside = openPlaces(concurrency);
  const worker = async () => {
    for (const slot of queue) {
      const log = tick.log.group(slot.client);
      const tell = (result?: SlotResult) => {
        const line = progress({ slot: slot.id, done: results.length, total: slots.length, ...(result && { result }) });
        if (line !== undefined) log.info(line);
        return line !== undefined;
      };
      // A run that is stopping takes nothing up any more.
      if (!tick.stop.signal.aborted) tell();
      const result = await work(slot, outside).catch((error: unknown) => {
        bugs += 1;
        log.error("unexpected error", { slot: slot.id, error });
        return stopped(tick, slot);
      });
      results.push(result);
      // A fold that would only say "started" is not written.
      if (tell(result)) log.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(slotsInWork, slots.length) }, worker));
  return { results, bugs };
}

/** Where the slot stood is in the ledger: its lease ends, and a later tick takes or settles it. */
function stopped(tick: Tick, slot: Slot): SlotResult {
  const reason = "an unexpected error, see the log; a later tick goes on when the lease has ended";
  return slotResult(tick, slot, { outcome: "unknown", reason, cause: "outcome-unknown" });
}

/** How a slot ended, in the words of the report. */
export function slotResult(tick: Tick, slot: Slot, ended: Ended): SlotResult {
  const { draft, costUsd = 0, outcome, reason, cause, postId, usage } = ended;
  const client = tick.clients.get(slot.client);
  return {
    slot: slot.id,
    client: slot.client,
    handle: client?.handle ?? "",
    outcome,
    ...(reason !== undefined && { reason }),
    ...(cause !== undefined && { cause }),
    ...(postId !== undefined && { postId }),
    ...(draft && { text: draft.text, promptVersion: draft.promptVersion }),
    ...(draft?.model !== undefined && { model: draft.model }),
    ...(usage && { usage }),
    rehearsal: client?.status === "rehearsal",
    costUsd,
    latenessSeconds: Math.max(0, Math.floor((tick.services.clock().getTime() - slot.plannedAt.getTime()) / 1000)),
  };
}

interface Ended {
  outcome: Outcome;
  reason?: string;
  cause?: Cause;
  postId?: string;
  draft?: Draft;
  usage?: Usage;
  costUsd?: number;
}
