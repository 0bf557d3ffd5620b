import type { Client, Prompt, RunInfo, Source, WritingPlan } from "../terms.ts";
import { storable } from "./visible.ts";

/** One text that was checked before the draft was stored, by its hash: the receipt holds no text. */
interface ReceiptCheck {
  /** The model that wrote it, or "fallback". */
  source: string;
  hash: string;
  /** The rules that it broke; none means that it passed. */
  failures: readonly { rule: string; reason: string }[];
  moderation: string;
}

export interface ReceiptInput {
  run: RunInfo;
  client: Client;
  prompt: Prompt;
  plan: WritingPlan;
  checks: readonly ReceiptCheck[];
}

/**
 * Where a post comes from, as it is stored with its draft: enough to find every file, and the text of none of them. The
 * check with the draft's hash names the model; costs and tokens stand in the slot's row.
 */
export interface Receipt {
  run: { id: string; commit: string; startedAt: string };
  slot: { id: string; plannedAt: string };
  client: { id: string } & Source;
  prompt: { id: string; version: string; topic: string } & Source;
  checks: readonly ReceiptCheck[];
}

/**
 * Every field is picked by name, so nothing that a client or prompt gains later slips in: a receipt holds no prompt,
 * no voice and no credential.
 */
export function buildReceipt({ run, client, prompt, plan, checks }: ReceiptInput): Receipt {
  return {
    run: { id: run.id, commit: run.commit, startedAt: run.startedAt.toISOString() },
    slot: { id: plan.slot.id, plannedAt: plan.slot.plannedAt.toISOString() },
    client: { id: client.id, ...pickSource(client.source) },
    prompt: { id: prompt.id, version: prompt.version, topic: plan.topic, ...pickSource(prompt.source) },
    checks: checks.map(pickCheck),
  };
}

function pickSource({ file, sha256 }: Source): Source {
  return { file, sha256 };
}

function pickCheck({ source, hash, failures, moderation }: ReceiptCheck): ReceiptCheck {
  // A reason may quote what the model wrote.
  const broken = failures.map(({ rule, reason }) => ({ rule, reason: storable(reason) }));
  return { source, hash, failures: broken, moderation };
}
