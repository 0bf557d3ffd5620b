import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import type { TickState } from "../ports.ts";
import type { Only, Workspace } from "../terms.ts";
import type { DuePlan } from "./plan.ts";

/**
 * Slots that one job should take. A job starts slots for 20 minutes, 32 at a time: with 500 that leaves
 * 20 × 60 × 32 ÷ 500 = 77 s for each. A slot takes 10 s where every service is at its slowest, so 500 of them are done in
 * 3 minutes, and a job whose services fall far behind still ends in its time. Fewer would pay more for starting jobs than
 * for work: each one installs for most of a minute.
 */
export const defaultSlotsPerJob = 500;

/** Jobs of one matrix: https://docs.github.com/en/actions/reference/limits */
const maxShards = 256;

const hashSpace = 2 ** 32;

/** The stable 32-bit hash of a client: the first four bytes of the SHA-256 of its id. The ledger computes the same in SQL. */
export function hashClient(id: string): number {
  return createHash("sha256").update(id).digest().readUInt32BE(0);
}

/** True for a client that a run limited to `only` serves; a run without that limit serves everyone. */
export function isServed(only: Only | undefined, client: string): boolean {
  if (only === undefined) return true;
  if ("client" in only) return only.client === client;
  const hash = toHex(hashClient(client));
  return only.from <= hash && hash <= only.to;
}

/** Clients that a run leaves alone: those with a broken file, and those it does not serve, also where only the ledger knows them. */
export function leftAlone(
  { clients, broken }: Pick<Workspace, "clients" | "broken">,
  state: TickState,
  only: Only | undefined,
): ReadonlySet<string> {
  if (only === undefined) return broken;
  const ids = new Set([
    ...clients.map(({ id }) => id),
    ...state.open.map(({ client }) => client),
    ...state.clients.keys(),
  ]);
  return new Set([...broken, ...[...ids].filter((id) => !isServed(only, id))]);
}

/** The clients with something to do in a tick: those with a due slot, and those with a send to settle whose lease has ended. */
export function clientsWithWork(plan: DuePlan, state: TickState, now: Date): ReadonlySet<string> {
  const unsettled = state.open.filter(
    ({ state: stands, leaseUntil }) =>
      (stands === "armed" || stands === "unknown") && (leaseUntil === undefined || leaseUntil <= now),
  );
  return new Set([...plan.due.map(({ client }) => client.id), ...unsettled.map(({ client }) => client)]);
}

/**
 * Splits the whole hash space into as few ranges as hold at most `slotsPerJob` of the hashes each, and into 256 at most.
 * The ranges hold as many hashes each, give or take one, as far as equal hashes, which stay together, allow it. Since they leave
 * no gap, a client that comes due only after the split has exactly one shard too.
 */
export function splitIntoShards(hashes: readonly number[], slotsPerJob: number): readonly string[] {
  const sorted = hashes.toSorted((one, other) => one - other);
  const count = Math.max(1, Math.min(maxShards, Math.ceil(sorted.length / slotsPerJob)));
  const cuts = Array.from({ length: count - 1 }, (_, n) => sorted[Math.floor(((n + 1) * sorted.length) / count)] ?? 0);
  const starts = [...new Set([0, ...cuts])];
  return starts.map((start, n) => `${toHex(start)}-${toHex((starts[n + 1] ?? hashSpace) - 1)}`);
}

/** Reads `00000000-3fffffff`; both ends are included. @throws UserError with exit code 2 for anything else. */
export function readShard(text: string): Extract<Only, { from: string }> {
  const [, from, to] = /^([0-9a-f]{8})-([0-9a-f]{8})$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined && from <= to) return { from, to };
  const example = "two ascending hashes of eight hex digits each, such as 00000000-3fffffff";
  throw new UserError(`a shard is ${example}, not ${JSON.stringify(text.slice(0, 40))}`, 2);
}

/** Reads the value of CLARA_SLOTS_PER_JOB, which may be missing or empty. @throws UserError with exit code 2. */
export function readSlotsPerJob(text: string | undefined): number {
  if (text === undefined || text.trim() === "") return defaultSlotsPerJob;
  if (/^[1-9]\d{0,5}$/.test(text.trim())) return Number(text);
  throw new UserError(`CLARA_SLOTS_PER_JOB is a whole number from 1 on, not ${JSON.stringify(text.slice(0, 40))}`, 2);
}

function toHex(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}
