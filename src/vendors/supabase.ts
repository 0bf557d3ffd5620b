import { PostingError } from "../errors.ts";
import type { Armed, Claim, CountedRead, Ledger, Limiter, OutcomeInput, Reservation, StoredDraft } from "../ports.ts";
import { type Answer, postJson } from "./post-json.ts";
import { storable } from "./storable.ts";
import { tickState } from "./supabase-state.ts";

/**
 * Calls one ledger function and returns its value. Throws PostingError: config, unavailable, or rejected when the same
 * values would be refused again.
 */
export type Rpc = (name: string, parameters: object) => Promise<unknown>;

export interface SupabaseOptions {
  url: string;
  secretKey: string;
  /** The sandbox answers in process. */
  fetch?: typeof fetch;
  /** A ledger that hangs is a ledger that is gone. */
  deadlineSeconds?: number;
}

/** What every tick asks, the one with nothing due too: asked without supabase-js, see decision 0009. */
const everyTick: ReadonlySet<string> = new Set(["open_tick", "open_tick_only", "close_tick"]);

/** The only way to the ledger: SQL functions through supabase-js, which is loaded when a tick has something to do. */
export function openRpc(options: SupabaseOptions): Rpc {
  const { secretKey, fetch: answer, deadlineSeconds = 30 } = options;
  let client: ReturnType<typeof connect> | undefined;
  const throughClient = async (name: string, parameters: object, deadline: AbortSignal): Promise<Answer> => {
    client ??= connect(options);
    return (await client).rpc(name, parameters).abortSignal(deadline);
  };
  return async (name, parameters) => {
    const deadline = AbortSignal.timeout(deadlineSeconds * 1000);
    const isDirect = answer === undefined && everyTick.has(name);
    const { data, error, status } = isDirect
      ? await postDirectly(options, { name, parameters, deadline })
      : await throughClient(name, parameters, deadline);
    if (error === null) return data;
    throw ledgerError(name, status, { ...error, message: error.message.replaceAll(secretKey, "…").slice(0, 300) });
  };
}

async function connect({ url, secretKey, fetch: answer }: SupabaseOptions) {
  const { createClient } = await import("@supabase/supabase-js");
  return createClient(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: answer === undefined ? {} : { fetch: answer },
  });
}

/** The request that `rpc` of supabase-js sends. */
function postDirectly(
  { url, secretKey }: SupabaseOptions,
  { name, parameters, deadline }: { name: string; parameters: object; deadline: AbortSignal },
): Promise<Answer> {
  const headers = { apikey: secretKey, authorization: `Bearer ${secretKey}`, "content-profile": "public" };
  const address = new URL(`rest/v1/rpc/${name}`, url.endsWith("/") ? url : `${url}/`);
  return postJson(address, { body: parameters, headers, signal: deadline });
}

function ledgerError(name: string, status: number, error: { code?: string; message: string }): PostingError {
  // 42883: PostgREST still remembers a function that Postgres has not got.
  if (error.code === "PGRST202" || error.code === "42883") {
    return new PostingError("config", `the ledger has no function ${name}: run \`npm start -- migrate\``);
  }
  if (status === 401 || status === 403) {
    return new PostingError("config", "the ledger refused the key: check SUPABASE_SECRET_KEY");
  }
  const cause = new Error(error.message);
  // SQLSTATE classes 22 and 23: a value that Postgres can't hold, such as a NUL character, or one that is there already.
  if (/^2[23]/.test(error.code ?? "")) {
    return new PostingError("rejected", `the ledger refused the values given to ${name} (${error.code})`, { cause });
  }
  const what = status === 0 ? "did not answer" : `answered ${status} ${error.code ?? ""}`.trim();
  return new PostingError("unavailable", `the ledger ${what} (${name})`, { cause });
}

/** The ledger over its SQL functions; see schemas/sql for what each one promises. */
export function openLedger(rpc: Rpc): Ledger {
  return {
    openTick: async ({ run, now, leaseSeconds, only }) => {
      const limits = only === undefined ? {} : { p_only: only };
      const input = { p_run: run, p_at: now, p_lease_seconds: leaseSeconds, ...limits };
      return tickState(await ask(rpc, only === undefined ? "open_tick" : "open_tick_only", input));
    },
    readTick: async ({ now }) => tickState(await ask(rpc, "read_tick", { p_at: now })),
    claimSlots: async ({ run, now, leaseSeconds, due, deferred, closed, planned }) =>
      (await ask(rpc, "claim_slots", {
        p_run: run,
        p_at: now,
        p_lease_seconds: leaseSeconds,
        p_due: due,
        p_deferred: deferred,
        p_closed: closed,
        p_planned: planned,
      })) as Claim[],
    reserveSlots: async ({ run, now, slots, global }) =>
      (await ask(rpc, "reserve_slots", { p_run: run, p_at: now, p_slots: slots, p_global: global })) as Reservation[],
    ...slotCalls(rpc),
    closeTick: async ({ run, now, report }) => {
      await rpc("close_tick", { p_run: run, p_at: now, p_report: storable(report) });
    },
  };
}

/** What is asked for one slot. */
function slotCalls(rpc: Rpc): Pick<Ledger, "storeDraft" | "countRead" | "armSlot" | "recordOutcome" | "recordAbsence"> {
  return {
    storeDraft: async (input) => storedDraft(input.slot, await rpc("store_draft", draftParameters(input))),
    armSlot: async ({ run, slot, fence, now, leaseSeconds, account }) =>
      (await ask(rpc, "arm_slot", {
        p_run: run,
        p_slot: slot,
        p_fence: fence,
        p_at: now,
        p_lease_seconds: leaseSeconds,
        p_fingerprint: account.fingerprint,
        p_x_user_id: account.xUserId,
      })) as Armed,
    countRead: async ({ slot, fence, now, usd, keepUsd, limits }) =>
      (await ask(rpc, "count_read", {
        p_slot: slot,
        p_fence: fence,
        p_at: now,
        p_usd: usd,
        p_keep_usd: keepUsd,
        p_limits: limits,
      })) as CountedRead,
    recordOutcome: async ({ run, slot, fence, now, outcome, reason, postId, xUsd, ...after }) =>
      (await ask(
        rpc,
        "record_outcome",
        storable({
          p_run: run,
          p_slot: slot,
          p_fence: fence,
          p_at: now,
          p_outcome: outcome,
          p_reason: reason ?? null,
          p_post_id: postId ?? null,
          p_x_usd: xUsd,
          p_backoff: backoffParameter(after),
        }),
      )) as boolean,
    recordAbsence: async ({ slot, fence, now, xUsd }) =>
      Number((await rpc("record_absence", { p_slot: slot, p_fence: fence, p_at: now, p_x_usd: xUsd })) ?? 0),
  };
}

/** The same token buckets in Postgres: the limiter without Upstash, and when Upstash does not answer. */
export function openPostgresLimiter(rpc: Rpc): Limiter {
  return {
    take: async (buckets, now) => {
      const answer = (await ask(rpc, "take_tokens", { p_at: now, p_buckets: buckets })) as
        | { allowed: true }
        | { allowed: false; key: string; retryAt: string };
      return answer.allowed ? { allowed: true } : { ...answer, retryAt: new Date(answer.retryAt) };
    },
  };
}

/** A wrong address can answer 404 without a body, which supabase-js reports as success without data. */
export async function ask(rpc: Rpc, name: string, parameters: object): Promise<unknown> {
  const answer = (await rpc(name, parameters)) ?? undefined;
  if (answer === undefined) throw new PostingError("unavailable", `the ledger gave no answer (${name})`);
  return answer;
}

/** One parameter for all, so that the function also answers the code from before there were breakers. */
function backoffParameter({
  backoff,
  strikes = [],
  modelAnswered = false,
  ownTurn = false,
}: Pick<OutcomeInput, "backoff" | "strikes" | "modelAnswered" | "ownTurn">): object | null {
  if (backoff === undefined && strikes.length === 0 && !modelAnswered && !ownTurn) return null;
  return { ...backoff, strikes, modelAnswered, ownTurn };
}

function draftParameters(input: Parameters<Ledger["storeDraft"]>[0]): object {
  return {
    p_run: input.run,
    p_slot: input.slot,
    p_fence: input.fence,
    p_at: input.now,
    p_lease_seconds: input.leaseSeconds,
    p_candidates: input.candidates,
    p_rehearsal: input.rehearsal,
    p_spent: input.spent,
    p_receipt: input.receipt,
  };
}

function storedDraft(slot: string, answer: unknown): StoredDraft {
  if (answer === null) throw new PostingError("unavailable", `another run took ${slot}`);
  return answer as StoredDraft;
}
