import type { DeadLetter, Explanation, Halt, Levers, Resumed, Retried } from "../levers.ts";
import { storable } from "./storable.ts";
import { ask, type Rpc } from "./supabase.ts";

/** The levers over their SQL functions; see schemas/sql/0009_levers.sql for what each one promises. */
export function openLevers(rpc: Rpc): Levers {
  return {
    halt: async ({ scope, why, now }) =>
      halts(await ask(rpc, "halt_scope", storable({ p_scope: scope, p_why: why, p_at: now }))),
    resume: async ({ scope, now }) => resumed(await ask(rpc, "release_scope", { p_scope: scope, p_at: now })),
    deadLetters: async (slots) =>
      ((await ask(rpc, "dead_letters", { p_slots: slots ?? null })) as Stored<DeadLetter>[]).map((letter) => ({
        ...letter,
        plannedAt: new Date(letter.plannedAt),
        endedAt: new Date(letter.endedAt),
      })),
    retry: async ({ slots, now }) => (await ask(rpc, "retry_slots", { p_slots: slots, p_at: now })) as Retried[],
    explain: async (key) => explanation((await ask(rpc, "explain_slot", { p_key: key })) as StoredExplanation),
  };
}

/** Instants are text in JSON. */
type Stored<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] };

type Nested = "post" | "run" | "sends" | "retries";
type StoredExplanation = Omit<Stored<Explanation>, Nested> & {
  post?: Stored<NonNullable<Explanation["post"]>>;
  run?: Omit<NonNullable<Explanation["run"]>, "startedAt" | "finishedAt"> & { startedAt: string; finishedAt?: string };
  sends: (Omit<Explanation["sends"][number], "armedAt" | "answeredAt"> & { armedAt: string; answeredAt?: string })[];
  retries: (Omit<Explanation["retries"][number], "retriedAt"> & { retriedAt: string })[];
};

function halts(answer: unknown): readonly Halt[] {
  return (answer as Stored<Halt>[]).map((halt) => ({ ...halt, haltedAt: new Date(halt.haltedAt) }));
}

function resumed(answer: unknown): Resumed {
  const { before, ended } = answer as { before: unknown; ended: { reason: string; since: string | null }[] };
  return {
    before: halts(before),
    ended: ended.map(({ reason, since }) => ({ reason, ...(since !== null && { since: new Date(since) }) })),
  };
}

function explanation(found: StoredExplanation): Explanation | undefined {
  if (found.slot === undefined) return undefined;
  const { post, run, sends, retries, ...slot } = found;
  return {
    ...slot,
    plannedAt: new Date(slot.plannedAt),
    changedAt: new Date(slot.changedAt),
    ...(post && { post: { ...post, postedAt: new Date(post.postedAt) } }),
    ...(run && { run: runOf(run) }),
    sends: sends.map(({ armedAt, answeredAt, ...send }) => ({
      ...send,
      armedAt: new Date(armedAt),
      ...(answeredAt !== undefined && { answeredAt: new Date(answeredAt) }),
    })),
    retries: retries.map((retry) => ({ ...retry, retriedAt: new Date(retry.retriedAt) })),
  };
}

function runOf({
  startedAt,
  finishedAt,
  ...run
}: NonNullable<StoredExplanation["run"]>): NonNullable<Explanation["run"]> {
  return {
    ...run,
    startedAt: new Date(startedAt),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt) }),
  };
}
