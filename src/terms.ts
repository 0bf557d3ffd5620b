import type { FailureKind } from "./errors.ts";

/** The words of the project, one per idea: the same in code, SQL, YAML, logs and the job summary. */

/** active: posts. paused: owes no slots. rehearsal: generates and records, never sends. */
export type ClientStatus = "active" | "paused" | "rehearsal";

/** One tenant: one file `clients/<id>.yaml` with the shared defaults already merged in and durations in seconds. */
export interface Client {
  id: string;
  name: string;
  handle: string;
  xUserId: string;
  status: ClientStatus;
  /** IANA zone; the client's day and month are those of this zone. */
  timezone: string;
  schedule: Schedule;
  voice: string;
  language: string;
  topics: readonly string[];
  posts: readonly { prompt: string; weight: number }[];
  /** `provider/model` names in the order in which they are tried. */
  models: readonly string[];
  limits: Limits;
  links: LinkPolicy;
  avoid: readonly string[];
  fallbacks: readonly string[];
  madeWithAi: boolean;
  /** age-encrypted credentials, ASCII-armoured; missing while the client has none. */
  sealed?: string;
  members: readonly string[];
  /** The file this came from and the SHA-256 of its bytes: the receipt names both. */
  source: Source;
}

export interface Source {
  file: string;
  sha256: string;
}

export interface Schedule {
  /** ISO weekdays, 1 is Monday. */
  days: readonly number[];
  /** Nominal local times "HH:MM", ascending; posting hours are already spread into times. */
  times: readonly string[];
  jitterSeconds: number;
  lateWithinSeconds: number;
  lateThen: "skip" | "post";
  minGapSeconds: number;
  /** Local dates without slots, both ends included, "YYYY-MM-DD". */
  except: readonly { from: string; to: string }[];
}

export interface Limits {
  postsPerDay: number;
  completionsPerDay: number;
  usdPerMonth: number;
}

export type LinkPolicy = { policy: "deny" } | { policy: "allow" } | { policy: "budget"; maxPerWeek: number };

export const promptVariables = [
  "client",
  "voice",
  "topic",
  "topics",
  "language",
  "date",
  "weekday",
  "max_length",
  "links",
  "recent_posts",
] as const;
export type PromptVariable = (typeof promptVariables)[number];

/** One file `prompts/<id>.prompt.yml`. */
export interface Prompt {
  id: string;
  version: string;
  state: "draft" | "published" | "archived";
  title: string;
  /** The only models this prompt may run on; empty means any. */
  models: readonly string[];
  messages: readonly PromptMessage[];
  /** Sampling settings, sent to the model as they are. */
  parameters: { temperature?: number; topP?: number; maxTokens?: number };
  source: Source;
}

export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** Dollars per million tokens; `checked` is the date a person last compared it with the vendor's page. */
export interface ModelPrice {
  inputUsd: number;
  cachedUsd: number;
  outputUsd: number;
  checked: string;
}

export interface Prices {
  models: ReadonlyMap<string, ModelPrice>;
  x: { postUsd: number; postWithUrlUsd: number; readPostUsd: number; readUserUsd: number };
}

/** What `clients/_defaults.yaml` says beyond the fields that clients inherit. */
export interface Defaults {
  /** age public keys that credentials are sealed to; the identity of each opens them. */
  recipients: readonly string[];
  /** Limits over all clients together; days and months are UTC. */
  global: Limits;
  /** Requests to models over all clients together; missing where the file leaves it to the gate. */
  modelRequestsPerSecond?: number;
}

/** Everything read from `clients/` and `prompts/`. A file with an error is absent here and stands in `problems`. */
export interface Workspace {
  clients: readonly Client[];
  prompts: ReadonlyMap<string, Prompt>;
  prices: Prices;
  defaults: Defaults;
  problems: readonly Problem[];
  /** Ids of clients whose file has an error: they owe nothing until it is mended, and nothing is recorded for them. */
  broken: ReadonlySet<string>;
}

/** One thing wrong in a user's file; line and column count from 1. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  message: string;
  /** What to write instead. */
  hint: string;
  severity: "error" | "warning";
}

/** A publishing time owed to a client. */
export interface Slot {
  /** `<client>/<local date>T<local time>`, for example `acme/2026-11-21T09:00`; never changes. */
  id: string;
  client: string;
  /** The instant it should be posted at, jitter included. */
  plannedAt: Date;
}

/** How a slot stands at the end of a tick. */
export type Outcome = "posted" | "skipped" | "missed" | "deferred" | "unknown" | "dead";

/** Why a slot was not posted, as a code: the reason beside it is for people, this is for rules. */
export type Cause =
  | FailureKind
  | "halted" // a person stopped this client, or everything
  | "stopped" // this run was asked to end, or an answer of X concerned every client
  | "backing-off" // an earlier answer asked this client to wait
  | "spacing" // the client's min_gap, or another of its slots goes first
  | "fence-lost" // another run has taken the slot
  | "too-late" // outside `late.within`, or an outage left more than one late slot
  | "no-text" // no model wrote a text that passes, and no fallback text is left
  | "credentials" // missing, sealed for another client, or refused by X
  | "wrong-account" // the credential belongs to another account
  | "account" // X suspended, locked or restricted the account
  | "content" // X refuses this text
  | "sent-twice" // two sends, and still no proof of a post
  | "dry-run" // planned and priced only
  | "rehearsal"; // generated and recorded, never to be sent

/** What the ledger keeps between ticks. waiting: owed but deferred. claimed: a run holds the lease. armed: the send may have left. */
export type SlotState = "waiting" | "claimed" | "armed" | "unknown" | "posted" | "skipped" | "missed" | "dead";

/** Tokens that the model's own answer reported. */
export interface Usage {
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
}

/** Text generated and checked, not yet published. Retries and re-sends use exactly this text. */
export interface Draft {
  text: string;
  /** SHA-256 of the text, hex. */
  hash: string;
  source: "model" | "fallback";
  /** Missing for a fallback text. */
  model?: string;
  prompt: string;
  promptVersion: string;
  topic: string;
  /** True when X will charge the price of a post with a URL. */
  hasLink: boolean;
}

/** Where the receipt says a post came from. */
export interface RunInfo {
  id: string;
  commit: string;
  /** What answers each service, for example `x: sandbox`. */
  mode: Readonly<Record<ServiceName, "real" | "sandbox">>;
  startedAt: Date;
}

export type ServiceName = "ledger" | "limiter" | "model" | "x";

/**
 * The clients that one run serves: a single one, or a shard, which is a range of the hashes of client ids. Hashes have eight
 * hex digits; both ends are included.
 */
export type Only = { client: string } | { from: string; to: string };

/** What will be asked of the models for one slot; the gate prices it before anything is spent. */
export interface WritingPlan {
  slot: Slot;
  prompt: string;
  promptVersion: string;
  topic: string;
  messages: readonly PromptMessage[];
  parameters: { temperature?: number; topP?: number };
  /** In the order in which they are tried, each with a known price. */
  models: readonly string[];
  /** Output tokens that one call may use at most. */
  maxTokens: number;
  /** Texts asked for in one call. */
  candidates: number;
  /** Calls at most: every model once and one repair. */
  maxCompletions: number;
  /** False when the client's link policy, or its link budget, leaves no room for a link in this post. */
  linksAllowed: boolean;
}
