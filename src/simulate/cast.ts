import { createHash } from "node:crypto";
import { slotsBetween } from "../due/slots.ts";
import type { Client, Schedule } from "../terms.ts";
import type { Draws } from "./draws.ts";

/** Zones east and west, with half hours, with and without summer time. */
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Los_Angeles",
  "Asia/Kolkata",
  "Asia/Tokyo",
  "Australia/Sydney",
  "America/Sao_Paulo",
  "Africa/Lagos",
  "Pacific/Auckland",
] as const;

/** The workspace's clients as they are, but for those in rehearsal, which post as well. */
export function asIfActive(clients: readonly Client[]): readonly Client[] {
  return clients.map((client) => (client.status === "rehearsal" ? { ...client, status: "active" } : client));
}

/** So many clients made from the workspace's, each with its own id, handle, account, zone and times. */
export function castClients(templates: readonly Client[], count: number, draws: Draws): readonly Client[] {
  if (templates.length === 0) return [];
  return Array.from({ length: count }, (_, index) => {
    const template = templates[index % templates.length] as Client;
    const id = `${template.id.slice(0, 40)}-${String(index + 1).padStart(String(count).length, "0")}`;
    return {
      ...template,
      id,
      name: `${template.name} ${index + 1}`,
      handle: `sim_${index + 1}`,
      xUserId: String(7_000_000_000 + index),
      status: "active",
      timezone: draws.pick(zones, "zone", id),
      schedule: { ...template.schedule, times: timesFor(template.schedule, id, draws) },
      source: {
        ...template.source,
        sha256: createHash("sha256").update(`${template.source.sha256} ${id}`).digest("hex"),
      },
    };
  });
}

/** One to four times a day, further apart than the gap and the jitter together. */
function timesFor({ minGapSeconds, jitterSeconds }: Schedule, id: string, draws: Draws): readonly string[] {
  const apart = Math.ceil((minGapSeconds + jitterSeconds) / 60) + 1;
  const count = Math.min(draws.between([1, 4], "posts", id), Math.max(1, Math.floor((24 * 60) / apart) - 1));
  const step = Math.floor((24 * 60) / count);
  const start = draws.between([0, step - 1], "start", id);
  return Array.from({ length: count }, (_, index) => {
    const room = Math.max(0, step - apart);
    const minute = (start + index * step + draws.between([0, Math.floor(room / 2)], "shift", id, index)) % (24 * 60);
    return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  }).toSorted();
}

/** Every slot that a client owes when its first tick is at `from` and its last one at `until`. */
export function owedSlots(client: Client, from: Date, until: Date) {
  if (client.status === "paused") return [];
  const firstAt = new Date(from.getTime() - client.schedule.lateWithinSeconds * 1000);
  return slotsBetween(client, firstAt, until).filter(({ plannedAt }) => plannedAt <= until);
}
