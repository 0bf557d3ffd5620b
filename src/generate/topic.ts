import { createHash } from "node:crypto";
import type { Client } from "../terms.ts";

const dayMs = 86_400_000;

/** The client's local date and time inside a slot id such as `acme/2026-11-21T09:00`. */
export function slotLocalTime(slotId: string): { date: string; time: string } {
  const [date = "", time = ""] = slotId.slice(slotId.lastIndexOf("/") + 1).split("T");
  return { date, time };
}

/**
 * The topic of a slot, the same on every run. All topics are used, in an order shuffled per client and round, before one
 * comes again, and two neighbouring slots never share a topic when the client has two.
 */
export function pickTopic(client: Pick<Client, "id" | "topics" | "schedule">, slotId: string): string {
  const count = client.topics.length;
  const ordinal = slotOrdinal(client.schedule, slotId);
  const round = Math.floor(ordinal / count);
  const order = roundOrder(client, round);
  return order[ordinal - round * count] ?? "";
}

/** Non-negative integer below `bound`, from a SHA-256. */
export function pickNumber(seed: string, bound: number): number {
  return Number(createHash("sha256").update(seed).digest().readBigUInt64BE() % BigInt(bound));
}

/** How many slots of this schedule came before this one since 1970; neighbours differ by one. */
function slotOrdinal(schedule: Client["schedule"], slotId: string): number {
  const { date, time } = slotLocalTime(slotId);
  const day = Math.floor(Date.parse(`${date}T00:00:00Z`) / dayMs);
  // 1 January 1970 was a Thursday: three days on, weeks start on Monday.
  const week = Math.floor((day + 3) / 7);
  const weekday = ((day + 3) % 7) + 1;
  const days = week * schedule.days.length + schedule.days.filter((other) => other < weekday).length;
  return days * schedule.times.length + schedule.times.filter((other) => other < time).length;
}

function roundOrder(client: Pick<Client, "id" | "topics">, round: number): readonly string[] {
  // Two topics simply alternate: shuffled rounds would repeat one at the seam, and there is no third to put between.
  if (client.topics.length < 3) return client.topics;
  const [first = "", second = "", ...rest] = shuffled(client, round);
  // The exchange leaves the last place alone, so the round before never has to look further back.
  return first === shuffled(client, round - 1).at(-1) ? [second, first, ...rest] : [first, second, ...rest];
}

function shuffled({ id, topics }: Pick<Client, "id" | "topics">, round: number): readonly string[] {
  const rank = (topic: string): string => createHash("sha256").update(`${id}\n${round}\n${topic}`).digest("hex");
  return topics
    .map((topic) => ({ topic, rank: rank(topic) }))
    .sort((left, right) => (left.rank < right.rank ? -1 : 1))
    .map(({ topic }) => topic);
}
