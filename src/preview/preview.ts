import type { Model } from "../ports.ts";
import type { Client, Problem, Slot } from "../terms.ts";
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
/** Enough to meet each of a client's prompts. */
const slotsLookedAt = 100;
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

/** The same slots and topics on both sides. */
async function writeSamples(touched: TouchedClient, input: PreviewInput): Promise<readonly Sample[]> {
  const { before, after } = touched;
  const { base, head } = input;
  if (after === undefined) return [];
  const written: Sample[] = [];
  for (const slot of sampleSlots(after, touched, input)) {
    const now = await writeSide({ client: after, workspace: head.workspace }, slot, input);
    const topic = "text" in now && before?.topics.includes(now.topic) ? now.topic : undefined;
    const was = before && (await writeSide({ client: before, workspace: base.workspace }, slot, input, topic));
    written.push({ slot: slot.id, ...(was && { before: was }), after: now });
  }
  return written;
}

/** The next slots, those first that a changed prompt writes: a reader of its change wants to see it at work. */
function sampleSlots(
  client: Client,
  { because }: TouchedClient,
  { head, samples, now }: PreviewInput,
): readonly Slot[] {
  const slots = comingSlots(client, now, 60).slice(0, slotsLookedAt);
  const promptFileOf = (slot: Slot) => {
    const plan = planSample({ client, workspace: head.workspace }, slot);
    return "refused" in plan ? undefined : head.workspace.prompts.get(plan.prompt)?.source.file;
  };
  const isChanged = (slot: Slot) => because.includes(promptFileOf(slot) ?? "");
  const changed = slots.filter(isChanged);
  const first = new Set([...new Set([...changed, ...slots])].slice(0, samples));
  return slots.filter((slot) => first.has(slot));
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
