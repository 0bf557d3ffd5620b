import type { Model } from "../ports.ts";
import type { Problem, Slot } from "../terms.ts";
import { calendarDays, comingSlots } from "./calendar.ts";
import { describeChanges } from "./changes.ts";
import { monthCost } from "./cost.ts";
import type { ClientPreview, MonthCost, PreviewDocument, Sample, SampleText } from "./document.ts";
import { lockedPromptProblems } from "./lock.ts";
import { planSample, type Side, writeSample } from "./samples.ts";
import { type TouchedClient, touchedClients, type Version } from "./touched.ts";

export interface PreviewInput {
  base: Version & { commit: string };
  head: Version & { commit: string };
  /** Only this client. */
  only?: string;
  /** Slots per client that are written by both sides. */
  samples: number;
  writer: PreviewDocument["writer"];
  model: Model;
  now: Date;
}

/** Days of the calendar. */
const calendarLength = 14;
/** A change of the defaults may touch every client: this many texts cost cents and take minutes. */
const maxSamples = 120;

/** What the change from base to head does to every client that it touches. Writes texts with the model, one at a time. */
export async function previewChange(input: PreviewInput): Promise<PreviewDocument> {
  const { base, head, only, now, writer } = input;
  const touched = touchedClients(base, head).filter(({ id }) => only === undefined || id === only);
  const present = touched.filter(({ after }) => after !== undefined && after.status !== "paused").length;
  const perClient = Math.min(input.samples, Math.floor(maxSamples / Math.max(1, 2 * present)));
  const clients: ClientPreview[] = [];
  for (const client of touched) clients.push(await previewClient(client, { ...input, samples: perClient }));
  const notes =
    perClient < input.samples
      ? [`${present} clients are touched, so each has ${perClient} samples: this many cost little.`]
      : [];
  return {
    format: 1,
    base: base.commit,
    head: head.commit,
    at: now.toISOString(),
    writer,
    problems: [...head.workspace.problems, ...lockedPromptProblems(base, head)].sort(byPlace),
    clients,
    untouched: head.workspace.clients.length - touched.filter(({ after }) => after !== undefined).length,
    notes,
  };
}

async function previewClient(touched: TouchedClient, input: PreviewInput): Promise<ClientPreview> {
  const { base, head, now } = input;
  const { id, kind, because, before, after } = touched;
  const shown = after ?? before;
  const days = shown
    ? calendarDays(comingSlots(before, now, calendarLength), comingSlots(after, now, calendarLength), shown, now)
    : [];
  const samples = await writeSamples(touched, input);
  return {
    id,
    name: shown?.name ?? id,
    handle: shown?.handle ?? "",
    timezone: shown?.timezone ?? "",
    status: shown?.status ?? "paused",
    kind,
    because,
    changes: describeChanges(touched, base.workspace, head.workspace),
    days,
    samples,
    cost: {
      ...(before && { before: costOf({ client: before, workspace: base.workspace }, sides(samples, "before"), now) }),
      ...(after && { after: costOf({ client: after, workspace: head.workspace }, sides(samples, "after"), now) }),
      budgetUsd: shown?.limits.usdPerMonth ?? 0,
    },
  };
}

/** The head's first slots, or what would be the base's, each written by both sides on the same topic. */
async function writeSamples({ before, after }: TouchedClient, input: PreviewInput): Promise<readonly Sample[]> {
  const { base, head, samples, now } = input;
  if (after === undefined) return [];
  const slots = comingSlots(after, now, 60).slice(0, samples);
  const written: Sample[] = [];
  for (const slot of slots) {
    const now = await writeSide({ client: after, workspace: head.workspace }, slot, input);
    const topic = "text" in now && before?.topics.includes(now.topic) ? now.topic : undefined;
    const was = before && (await writeSide({ client: before, workspace: base.workspace }, slot, input, topic));
    written.push({ slot: slot.id, ...(was && { before: was }), after: now });
  }
  return written;
}

async function writeSide(side: Side, slot: Slot, input: PreviewInput, topic?: string): Promise<SampleText> {
  const plan = planSample(side, slot, topic);
  return "refused" in plan ? plan : writeSample(side, plan, input);
}

function costOf(side: Side, samples: readonly SampleText[], now: Date): MonthCost {
  const slots = comingSlots(side.client, now, 30);
  const [first] = slots;
  const plan = first && planSample(side, first);
  return monthCost({
    client: side.client,
    prices: side.workspace.prices,
    slots: slots.length,
    samples,
    plan: plan && !("refused" in plan) ? plan : undefined,
  });
}

function sides(samples: readonly Sample[], side: "before" | "after"): readonly SampleText[] {
  return samples.flatMap((sample) => sample[side] ?? []);
}

function byPlace(one: Problem, other: Problem): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
