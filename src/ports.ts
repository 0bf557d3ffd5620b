import type { Draft, Only, Outcome, PromptMessage, RunInfo, SlotState, Usage } from "./terms.ts";

/** The tick's clock. `--now` and the simulator move it; fences, not clocks, decide who may write. */
export type Clock = () => Date;

/** The durable record. Methods throw PostingError: unavailable, config (key or schema), or rejected (values it cannot take). */
export interface Ledger {
  /** Registers the run and takes the lease of every slot whose send is unsettled; with `only`, of these clients' slots. */
  openTick(input: { run: RunInfo; now: Date; leaseSeconds: number; only?: Only }): Promise<TickState>;
  /** The same state without taking anything; for `plan` and `--dry-run`. */
  readTick(input: { now: Date }): Promise<TickState>;
  claimSlots(input: ClaimInput): Promise<readonly Claim[]>;
  /** Holds the worst-case cost of each slot; what does not fit is put back to waiting with the reason. */
  reserveSlots(input: ReserveInput): Promise<readonly Reservation[]>;
  /** Stores the first candidate that is not too similar to recent posts, settles what the model cost, renews the lease. */
  storeDraft(input: StoreDraftInput): Promise<StoredDraft>;
  /** Stores the intent to send. The last thing read before the send; refuses when halted or when the fence is lost. */
  armSlot(input: ArmInput): Promise<Armed>;
  /** Counts what a read of X may cost, before it is asked for; the next write for the slot takes back what X did not charge. */
  countRead(input: CountReadInput): Promise<CountedRead>;
  /** Ends this run's work on the slot. False when the fence is lost, and then nothing was written. */
  recordOutcome(input: OutcomeInput): Promise<boolean>;
  /**
   * An unsettled post was not on the timeline. Counts only reads at least 60 s apart; returns the count. `xUsd` is what
   * is still to be counted of the read; from the second absence on, the caller's next write says it instead.
   */
  recordAbsence(input: { slot: string; fence: number; now: Date; xUsd: number }): Promise<number>;
  /** Stores the run's report. */
  closeTick(input: { run: string; now: Date; report: object }): Promise<void>;
}

export interface TickState {
  /** Why nothing may be sent at all; missing when all is well. */
  halted?: string;
  /** Set when nobody halted everything and `halted` tells of a wait, which ends by itself then. */
  restUntil?: Date;
  clients: ReadonlyMap<string, ClientState>;
  /** Services that keep every client waiting; missing when there are none. */
  breakers?: readonly Breaker[];
  /** Slots owed from earlier ticks that have not ended. */
  open: readonly OpenSlot[];
  unsettled: readonly UnsettledSlot[];
}

/** A service that failed in a row. open: nothing goes to it. half-open: one slot is tried. tried: a run is trying one. */
export interface Breaker {
  scope: "x" | "model";
  state: "open" | "half-open" | "tried";
  /** The same words for every slot that waits for it. */
  reason: string;
  /** Where several clients had to fail: these did, so another one is tried first. */
  clients: readonly string[];
}

export interface ClientState {
  /** Every slot planned up to here has its row in the ledger; missing before the client's first claim. */
  plannedUntil?: Date;
  lastSentAt?: Date;
  /** When it last had a turn: schemas/sql/0017_deferred_turns.sql says what one is. */
  lastTurnAt?: Date;
  /** Not before this instant, and why. */
  backoff?: { until: Date; reason: string };
  halted?: string;
  /** Credential fingerprints proven to belong to an X user id. */
  accounts: ReadonlyMap<string, string>;
}

export interface OpenSlot {
  id: string;
  client: string;
  plannedAt: Date;
  state: Extract<SlotState, "waiting" | "claimed" | "armed" | "unknown">;
  /** When the lease of whoever works on it ends. */
  leaseUntil?: Date;
  /** True when its text is written: it needs no model. */
  drafted?: true;
}

/** A send without a clear answer, leased to this run to be settled. */
export interface UnsettledSlot {
  id: string;
  client: string;
  plannedAt: Date;
  fence: number;
  draft: Draft;
  xUserId: string;
  armedAt: Date;
  /** How often the text has left; never more than two. */
  sends: number;
  absentReads: number;
}

export interface ClaimInput {
  run: string;
  now: Date;
  leaseSeconds: number;
  /** Slots to take, in the order in which they should be served. One with `needsX: false` does not wait for X. */
  due: readonly { slot: string; client: string; plannedAt: Date; minGapSeconds: number; needsX?: boolean }[];
  /** Slots that are owed but wait for a later tick. */
  deferred: readonly { slot: string; client: string; plannedAt: Date; reason: string }[];
  /** Slots that end here. */
  closed: readonly { slot: string; client: string; plannedAt: Date; outcome: "missed" | "skipped"; reason: string }[];
  /** Clients whose watermark moves up to now: their slots until then are all named above or in the ledger already. */
  planned: readonly string[];
}

export interface Claim {
  slot: string;
  fence: number;
  /** Stored by an earlier run that did not finish: use it, generate nothing. */
  draft?: Draft;
  /** The client's last 50 texts, newest first. */
  recentTexts: readonly string[];
  /** Fallback texts of the last 30 days. */
  recentFallbacks: readonly string[];
  /** Posts with a link in the last 7 days. */
  recentLinks: number;
}

export interface ReserveInput {
  run: string;
  now: Date;
  slots: readonly (ReserveSlot | RefusedSlot)[];
  global: BudgetLimits & { day: string; month: string };
}

export interface BudgetLimits {
  postsPerDay: number;
  completionsPerDay: number;
  usdPerMonth: number;
}

export interface ReserveSlot {
  slot: string;
  fence: number;
  client: string;
  /** Local day "2026-11-21" and month "2026-11" that the spend belongs to. */
  day: string;
  month: string;
  /** When that day ends: a client that spent far more than on its usual days rests until then. */
  dayEndsAt: Date;
  posts: number;
  completions: number;
  modelUsd: number;
  xUsd: number;
  limits: BudgetLimits;
}

/** A claimed slot that cannot be worked on: it goes back to waiting with this reason. */
export interface RefusedSlot {
  slot: string;
  fence: number;
  refused: string;
}

/** Without a cause it is the budget. */
export type Reservation =
  | { slot: string; granted: true }
  | { slot: string; granted: false; reason: string; cause?: "config" | "backing-off" };

export interface StoreDraftInput {
  run: string;
  slot: string;
  fence: number;
  now: Date;
  leaseSeconds: number;
  /** Candidates that passed every local check, best first. Empty when only the spend is to be recorded. */
  candidates: readonly Draft[];
  /** A rehearsal draft does not stand in other clients' way. */
  rehearsal: boolean;
  /** What was spent on the model since the last call for this slot. */
  spent: { completions: number; usd: number; usage: Usage };
  /** The receipt's part that is known now: prompt and client source, checks, run. */
  receipt: object;
}

export interface StoredDraft {
  /** Index of the candidate that was stored; missing when all were too similar. */
  stored?: number;
  /** The slot each refused candidate is too similar to. */
  similarTo: readonly { candidate: number; slot: string }[];
}

export interface ArmInput {
  run: string;
  slot: string;
  fence: number;
  now: Date;
  leaseSeconds: number;
  /** The proof that the credential belongs to the client; the ledger remembers it. */
  account: { fingerprint: string; xUserId: string };
}

export type Armed =
  | { armed: true }
  | { armed: false; why: "halted" | "backing-off" | "fence-lost" | "sent-twice"; reason: string };

export interface CountReadInput {
  slot: string;
  fence: number;
  now: Date;
  /** Dollars. */
  usd: number;
  /** The price of the post, which stays held. */
  keepUsd: number;
  limits: { client: BudgetLimits; global: BudgetLimits };
}

export type CountedRead = { counted: true } | { counted: false; why: "fence-lost" | "over-budget"; reason: string };

export interface OutcomeInput {
  run: string;
  slot: string;
  fence: number;
  now: Date;
  outcome: Outcome;
  reason?: string;
  postId?: string;
  /** Dollars that X charged, as far as they are known, less what is counted already: below zero when reads cost less. */
  xUsd: number;
  /** Keep this client, or with `all` every client, from being served before `until`. */
  backoff?: { scope: "client" | "all"; until: Date; reason: string };
  /** Failures that the ledger counts: each in a row makes the wait longer. */
  strikes?: readonly Strike[];
  /** True when a model gave an answer for this slot, whatever became of it: that ends the models' streak. */
  modelAnswered?: boolean;
  /**
   * True when a deferred slot was its client's turn, for what keeps it back is the client's own. A back-off or a strike of
   * scope client says so too.
   */
  ownTurn?: boolean;
}

/** A failure, whom it keeps waiting, and how its streak grows: schemas/sql/0010_breakers.sql has the formula. */
export interface Strike {
  scope: "client" | "x" | "model";
  /** A streak has one cause; one word. */
  cause: string;
  /** What happened, and what a person can do. */
  reason: string;
  /** The first wait, and the longest; the time on top of each is up to a quarter. */
  baseMinutes: number;
  capMinutes: number;
  /** Failures in a row that open the breaker. */
  opensAfter: number;
  /** Only failures of different clients count, so that one client never stops the others. */
  severalClients?: boolean;
  /** Once several clients have opened it, whoever is tried and fails lengthens the wait, also one that failed before. */
  anyoneTries?: boolean;
}

/** One token bucket: `capacity` tokens at most, refilled by `refill` every `intervalSeconds`. */
export interface Bucket {
  key: string;
  capacity: number;
  refill: number;
  intervalSeconds: number;
  /** Tokens to take now. */
  cost: number;
}

export type Taken = { allowed: true } | { allowed: false; key: string; retryAt: Date };

/** Takes from every bucket, or says no. Throws PostingError("unavailable") when it does not answer: never "allowed". */
export interface Limiter {
  take(buckets: readonly Bucket[], now: Date): Promise<Taken>;
}

export interface CompletionRequest {
  /** `provider/model`; what follows the first slash is sent. */
  model: string;
  messages: readonly PromptMessage[];
  /** How many candidate texts one call returns. */
  candidates: number;
  maxTokens: number;
  parameters: { temperature?: number; topP?: number };
}

export type Completion =
  | { kind: "texts"; texts: readonly string[]; usage: Usage }
  | { kind: "refused" | "empty" | "malformed"; reason: string; usage: Usage };

/**
 * Throws PostingError: rate-limited, unavailable (nothing was billed), rejected, config (401), out-of-credit, or
 * outcome-unknown (deadline or 5xx: it may have been billed).
 */
export interface Model {
  complete(request: CompletionRequest): Promise<Completion>;
  /** One flag per text; undefined where the provider has no moderation endpoint. */
  moderate(texts: readonly string[]): Promise<readonly boolean[] | undefined>;
}

export interface XCredentials {
  appKey: string;
  appSecret: string;
  accessToken: string;
  accessSecret: string;
}

/** What X's headers report of the tightest window. */
export interface RateWindow {
  scope: "client" | "all";
  remaining: number;
  resetAt: Date;
}

/** The classes of facts/x-api.md §2. */
export type SendResult = { windows: readonly RateWindow[] } & (
  | { kind: "created"; postId: string }
  /** The account posted this text lately; X does not say where. */
  | { kind: "duplicate"; reason: string }
  /**
   * content: this text, for good. unnamed: X does not say whether this text, or a lock or a daily limit of the account.
   * credential, account: the client, until a person acts. app: every client.
   */
  | { kind: "rejected"; concerns: "content" | "unnamed" | "credential" | "account" | "app"; reason: string }
  | { kind: "rate-limited"; scope: "client" | "all"; until: Date }
  | { kind: "out-of-credit"; reason: string }
  /** The connection was refused or the name not found: the request never left. */
  | { kind: "unsent"; reason: string }
  /** A 403 that is not in X's words: whatever stands before X turned the request away, or kept X's answer back. */
  | { kind: "blocked"; reason: string }
  /** `isDown` when X gave no answer, or one that tells of a service in trouble. */
  | { kind: "unknown"; reason: string; isDown?: true }
);

export interface TimelinePost {
  id: string;
  /** Entities un-escaped, t.co links expanded, NFC. */
  text: string;
  createdAt: Date;
}

export interface TimelinePage {
  posts: readonly TimelinePost[];
  next?: string;
}

/**
 * One account on X. Reads throw PostingError, outcome-unknown when X may have charged for an answer that was lost; `send`
 * answers with a value, since every answer is expected.
 */
export interface XAccount {
  /** users/me; costs `readUserUsd`. `mayWrite` is missing when X does not say. */
  whoAmI(): Promise<{ xUserId: string; handle: string; mayWrite?: boolean }>;
  send(post: { text: string; madeWithAi: boolean }): Promise<SendResult>;
  /**
   * A page of the account's own posts since an instant, newest first; costs `readPostUsd` for each one returned. `next` is
   * there when there are more: it is `after` of the next page.
   */
  postsSince(input: { xUserId: string; since: Date; after?: string }): Promise<TimelinePage>;
}
