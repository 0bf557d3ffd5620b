import { PostingError } from "../../src/errors.ts";
import type {
  Armed,
  BudgetLimits,
  Claim,
  ClaimInput,
  CountedRead,
  Ledger,
  OutcomeInput,
  Reservation,
  StoredDraft,
} from "../../src/ports.ts";
import type { Draft, Only } from "../../src/terms.ts";
import { at, day, draftOf, type LedgerUnderTest, runInfo, wide } from "../support/ledger.ts";

/** The worst case that a slot holds. */
export interface Worst {
  posts: number;
  completions: number;
  modelUsd: number;
  xUsd: number;
}

interface Step {
  client?: string;
  slot?: string;
  run?: string;
  now?: Date;
  fence?: number;
  leaseSeconds?: number;
}

export interface Steps extends LedgerUnderTest {
  /** Claims one slot; undefined when it was not won. */
  claim(step?: Step & { minGapSeconds?: number; plannedAt?: Date }): Promise<Claim | undefined>;
  /** A claim call with nothing in it but what is given. */
  claimAll(input: Partial<ClaimInput>): Promise<readonly Claim[]>;
  reserve(
    step?: Step & {
      worst?: Partial<Worst>;
      limits?: Partial<BudgetLimits>;
      global?: Partial<BudgetLimits>;
      day?: string;
      globalDay?: string;
    },
  ): Promise<Reservation>;
  store(
    texts: readonly (string | Draft)[],
    step?: Step & { rehearsal?: boolean; completions?: number; usd?: number },
  ): Promise<StoredDraft>;
  arm(step?: Step & { fingerprint?: string; xUserId?: string }): Promise<Armed>;
  read(
    step: Step & { usd: number; keepUsd?: number; own?: Partial<BudgetLimits>; every?: Partial<BudgetLimits> },
  ): Promise<CountedRead>;
  record(outcome: OutcomeInput["outcome"], step?: Step & Partial<OutcomeInput>): Promise<boolean>;
  absent(step?: Step & { xUsd?: number }): Promise<number>;
  /** Claims, stores a text and arms, in this order, at one instant. */
  send(text: string, step?: Step): Promise<void>;
  openTick(step?: { run?: string; now?: Date; leaseSeconds?: number; only?: Only }): ReturnType<Ledger["openTick"]>;
  slotRow(slot?: string): Promise<Record<string, unknown>>;
  /** Rows of a table of the ledger as JSON, so that numbers are numbers on every driver. */
  rows(table: string): Promise<readonly Record<string, unknown>[]>;
  /** Everything that is stored. */
  everything(): Promise<Record<string, unknown>>;
}

/** The steps of a run with values that don't matter filled in: client acme, its slot of 09:00, run-1, fence 1, a 300 s lease. */
export function stepsOf({ ledger, sql }: LedgerUnderTest): Steps {
  const rows: Steps["rows"] = async (table) =>
    (await sql(`select to_jsonb(t) as row from clara.${table} t order by 1`)).map(
      ({ row }) => row as Record<string, unknown>,
    );
  const steps: Steps = {
    ledger,
    sql,
    rows,
    ...claimSteps(ledger),
    ...sendSteps(ledger),
    send: async (text, step = {}) => {
      const claim = await steps.claim(step);
      if (claim === undefined) throw new Error(`${filled(step).slot} was not claimed`);
      const mine = { ...step, fence: claim.fence };
      if (claim.draft === undefined) await steps.store([text], mine);
      const armed = await steps.arm(mine);
      if (!armed.armed) throw new Error(armed.reason);
    },
    slotRow: async (slot = "acme/2026-11-21T09:00") => {
      const row = (await rows("slot")).find(({ id }) => id === slot);
      if (row === undefined) throw new Error(`no slot ${slot}`);
      return row;
    },
    everything: async () => {
      const tables = await sql("select tablename as name from pg_tables where schemaname = 'clara' order by 1");
      return Object.fromEntries(await Promise.all(tables.map(async ({ name }) => [name, await rows(String(name))])));
    },
  };
  return steps;
}

function filled({ client = "acme", slot, run = "run-1", now = at(0), fence = 1, leaseSeconds = 300 }: Step) {
  return { client, slot: slot ?? `${client}/2026-11-21T09:00`, run, now, fence, leaseSeconds };
}

function claimSteps(ledger: Ledger): Pick<Steps, "claim" | "claimAll" | "reserve" | "openTick"> {
  const claimAll: Steps["claimAll"] = (input) =>
    ledger.claimSlots({ ...filled({}), due: [], deferred: [], closed: [], planned: [], ...input });
  return {
    claimAll,
    claim: async ({ minGapSeconds = 0, plannedAt = at(0), ...step } = {}) => {
      const { slot, client, run, now, leaseSeconds } = filled(step);
      const due = [{ slot, client, plannedAt, minGapSeconds }];
      return (await claimAll({ run, now, leaseSeconds, due }))[0];
    },
    reserve: async ({
      worst,
      limits,
      global,
      day: localDay = "2026-11-21",
      globalDay = "2026-11-21",
      ...step
    } = {}) => {
      const { slot, client, run, now, fence } = filled(step);
      const held = { posts: 1, completions: 3, modelUsd: 0.01, xUsd: 0.015, ...worst };
      const mine = {
        slot,
        client,
        fence,
        day: localDay,
        month: localDay.slice(0, 7),
        dayEndsAt: new Date(Date.parse(localDay) + day * 1000),
        ...held,
        limits: { ...wide, ...limits },
      };
      const all = { ...wide, ...global, day: globalDay, month: globalDay.slice(0, 7) };
      const [reservation] = await ledger.reserveSlots({ run, now, slots: [mine], global: all });
      if (reservation === undefined) throw new Error("no answer for the slot");
      return reservation;
    },
    openTick: ({ run = "run-2", now = at(0), leaseSeconds = 300, only } = {}) =>
      ledger.openTick({ run: runInfo(run), now, leaseSeconds, ...(only && { only }) }),
  };
}

function sendSteps(ledger: Ledger): Pick<Steps, "store" | "arm" | "read" | "record" | "absent"> {
  return {
    store: (texts, { rehearsal = false, completions = 0, usd = 0, ...step } = {}) => {
      const { slot, run, now, fence, leaseSeconds } = filled(step);
      const usage = { inputTokens: completions * 100, cachedTokens: completions * 10, outputTokens: completions * 20 };
      const candidates = texts.map((text) => (typeof text === "string" ? draftOf(text) : text));
      const spent = { completions, usd, usage };
      return ledger.storeDraft({
        run,
        slot,
        fence,
        now,
        leaseSeconds,
        candidates,
        rehearsal,
        spent,
        receipt: { checks: 9 },
      });
    },
    arm: ({ fingerprint = "f1", xUserId = "42", ...step } = {}) => {
      const { slot, run, now, fence, leaseSeconds } = filled(step);
      return ledger.armSlot({ run, slot, fence, now, leaseSeconds, account: { fingerprint, xUserId } });
    },
    read: ({ usd, keepUsd = 0, own, every, ...step }) => {
      const { slot, now, fence } = filled(step);
      const limits = { client: { ...wide, ...own }, global: { ...wide, ...every } };
      return ledger.countRead({ slot, now, fence, usd, keepUsd, limits });
    },
    record: (outcome, step = {}) => {
      const { slot, run, now, fence } = filled(step);
      const { reason, postId, backoff, strikes, modelAnswered, ownTurn, xUsd = 0 } = step;
      return ledger.recordOutcome({
        ...{ run, slot, fence, now, outcome, xUsd },
        ...(reason === undefined ? {} : { reason }),
        ...(postId === undefined ? {} : { postId }),
        ...(backoff === undefined ? {} : { backoff }),
        ...(strikes === undefined ? {} : { strikes }),
        ...(modelAnswered === undefined ? {} : { modelAnswered }),
        ...(ownTurn === undefined ? {} : { ownTurn }),
      });
    },
    absent: (step = {}) => {
      const { slot, fence, now } = filled(step);
      return ledger.recordAbsence({ slot, fence, now, xUsd: step.xUsd ?? 0 });
    },
  };
}

/** For moves at random: a call that a lost fence or a stored draft refuses is expected; every other failure is not. */
export function refused(error: unknown): void {
  if (!(error instanceof PostingError) || !(error.kind === "rejected" || /^another run/.test(error.message)))
    throw error;
}

/** Sent at 0 s without an answer, and taken with fence 2 by another run's tick at 300 s for 900 s. */
export async function takenToSettle(steps: Steps): Promise<void> {
  await steps.claim();
  await steps.reserve();
  await steps.store(["text"]);
  await steps.arm();
  await steps.record("unknown");
  await steps.openTick({ now: at(300), leaseSeconds: 900 });
}
