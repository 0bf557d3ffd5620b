import type { TickState } from "../ports.ts";
import type { Client } from "../terms.ts";
import { slotsBetween } from "./slots.ts";
import type { Zones } from "./zones.ts";

const hourMs = 3_600_000;
/** Whatever changes in a file, or brings one back, can make slots owed that are older by no more than this. */
const staleMs = 24 * hourMs;
/** These move with the first stale one: however many clients there are, two ticks a day at most write for this alone. */
const agingMs = staleMs / 2;

interface Moment {
  state: TickState;
  now: Date;
  zones: Zones | undefined;
}

/** Where planning goes on. A client the ledger has never seen owes only what can still be on time: its first tick must not owe the past. */
export function watermark(client: Client, { state, now }: Omit<Moment, "zones">): Date {
  const seen = state.clients.get(client.id)?.plannedUntil;
  return seen ?? new Date(now.getTime() - client.schedule.lateWithinSeconds * 1000);
}

/**
 * Whose watermark moves up to now. Few, for moving one is a call that a tick with nothing due does without: clients with a slot
 * in the plan, clients never seen, paused ones that let a slot pass, which they must not owe once they are active again, and
 * those whose watermark is a day old.
 */
export function watermarksToMove(
  moment: Moment,
  { clients, gone, named }: { clients: readonly Client[]; gone: readonly string[]; named: ReadonlySet<string> },
): string[] {
  const { state, now } = moment;
  const ageMs = (id: string) =>
    now.getTime() - (state.clients.get(id)?.plannedUntil?.getTime() ?? Number.NEGATIVE_INFINITY);
  // A watermark never moves back, whatever a wrong clock says.
  const behind = [...clients.map(({ id }) => id), ...gone].filter((id) => ageMs(id) >= 0);
  const passed = new Set(clients.filter((client) => letPass(client, moment)).map(({ id }) => id));
  const oldMs = behind.some((id) => ageMs(id) >= staleMs) ? agingMs : Number.POSITIVE_INFINITY;
  return behind.filter((id) => named.has(id) || passed.has(id) || ageMs(id) >= oldMs);
}

/** Whether the pause kept a slot from being owed since the watermark. */
function letPass(client: Client, moment: Moment): boolean {
  if (client.status !== "paused") return false;
  return slotsBetween(client, watermark(client, moment), moment.now, moment.zones).length > 0;
}
