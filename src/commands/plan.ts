import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadWorkspace } from "../clients/load.ts";
import { planDue } from "../due/plan.ts";
import { isServed, leftAlone } from "../due/shards.ts";
import { nextSlot } from "../due/slots.ts";
import type { Zones } from "../due/zones.ts";
import { UserError } from "../errors.ts";
import { openZones } from "../open-zones.ts";
import type { TickState } from "../ports.ts";
import { printable, visible } from "../record/visible.ts";
import { openServices } from "../services.ts";
import type { Settings } from "../settings.ts";
import type { Only, Slot, Workspace } from "../terms.ts";
import { type Context, jsonLine, usableSettings } from "./context.ts";
import { assertKnownClient } from "./known-client.ts";
import { announceSplit, splitWork } from "./split.ts";

/** What a tick would find now. Reads the ledger and writes nothing. */
export async function plan(context: Context): Promise<number> {
  const { client, shards } = context.arguments.flags;
  if (client !== undefined && shards === true) {
    throw new UserError("--client and --shards exclude each other: one client is not split", 2);
  }
  const settings = usableSettings(context);
  const cacheDirectory = join(context.stateDirectory, "cache");
  // A plan keeps nothing for later where no tick has been.
  const keeps = existsSync(context.stateDirectory);
  const workspace = await loadWorkspace(context.arguments.root, keeps ? { cacheDirectory } : {});
  if (typeof client === "string") assertKnownClient(workspace, client);
  const { zones, keep } = openZones(cacheDirectory);
  const now = context.clock();
  const state = await readState(context, settings, now);
  if (shards === true) {
    await announceSplit(context, splitWork({ workspace, state, now, zones, environment: context.environment }));
  } else {
    const found = planned(workspace, state, { now, zones, ...(typeof client === "string" && { only: { client } }) });
    context.write(context.arguments.json ? jsonLine(found) : planText(found));
  }
  if (keeps) keep();
  const errors = workspace.problems.filter(({ severity }) => severity === "error").length;
  if (errors > 0) context.log.error("files have errors: `npm start -- validate` shows them", { errors });
  return errors > 0 ? 1 : 0;
}

type Found = ReturnType<typeof planned>;

function planned(workspace: Workspace, state: TickState, given: { now: Date; zones: Zones; only?: Only }) {
  const { now, zones, only } = given;
  const broken = leftAlone(workspace, state, only);
  const { due, closed, deferred } = planDue({ clients: workspace.clients, broken, state, now, zones });
  const row = ({ id, client, plannedAt }: Slot) => ({ slot: id, client, plannedAt: plannedAt.toISOString() });
  const late = (slot: Slot) => ({
    ...row(slot),
    latenessSeconds: Math.max(0, Math.floor((now.getTime() - slot.plannedAt.getTime()) / 1000)),
  });
  const ended = (as: "missed" | "skipped") =>
    closed.filter(({ outcome }) => outcome === as).map(({ slot, reason }) => ({ ...late(slot), reason }));
  const served = workspace.clients.filter(({ id }) => isServed(only, id));
  const next = served.flatMap((client) => nextSlot(client, now, zones) ?? []);
  return {
    now: now.toISOString(),
    due: due.map(({ slot }) => late(slot)),
    deferred: deferred.map(({ slot, reason }) => ({ ...late(slot), reason })),
    missed: ended("missed"),
    skipped: ended("skipped"),
    next: next.sort((one, other) => one.plannedAt.getTime() - other.plannedAt.getTime()).map(row),
  };
}

/** An embedded ledger that does not exist yet is empty; opening it would create it. */
async function readState(context: Context, settings: Settings, now: Date): Promise<TickState> {
  if (settings.ledger.kind === "sandbox" && !existsSync(join(context.stateDirectory, "ledger"))) {
    return { clients: new Map(), open: [], unsettled: [] };
  }
  const services = await openServices({ ...context, settings, onSecret: () => {} });
  try {
    return await services.ledger.readTick({ now });
  } finally {
    await services.close();
  }
}

/** A reason may quote what X or a person wrote. */
function planText({ now, next, ...lists }: Found): string {
  const lines = [`At ${now}`];
  for (const [word, slots] of Object.entries(lists)) {
    for (const slot of slots) {
      const detail = "reason" in slot ? slot.reason : `${Math.floor(slot.latenessSeconds / 60)} min late`;
      lines.push(printable(`${word.padEnd(9)}${slot.slot}  ${visible(detail)}`));
    }
  }
  if (lines.length === 1) lines.push("nothing is due");
  for (const { slot, plannedAt } of next) lines.push(`${"next".padEnd(9)}${slot}  ${plannedAt}`);
  return `${lines.join("\n")}\n`;
}
