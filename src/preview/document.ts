import type { ClientStatus, Problem } from "../terms.ts";

/** What a change of files does to the clients: the JSON of `preview --json`, which other jobs read as an artifact. */
export interface PreviewDocument {
  /** Raised when a reader of older documents would go wrong. */
  format: 1;
  base: string;
  /** With a plus sign when files differ from the commit. */
  head: string;
  /** ISO 8601 in UTC. */
  at: string;
  /** Who wrote the samples: the clients' own models, or the sandbox's writer, whose texts only show the form. */
  writer: "model" | "sandbox";
  problems: readonly Problem[];
  clients: readonly ClientPreview[];
  /** How many clients the change leaves as they are. */
  untouched: number;
  /** Sentences about the whole. */
  notes: readonly string[];
}

/** Who computed a document: this process, or whoever wrote the file that it was read from. */
export type PreviewOrigin = "here" | "file";

export interface ClientPreview {
  id: string;
  name: string;
  handle: string;
  timezone: string;
  status: ClientStatus;
  kind: "added" | "changed" | "removed" | "broken";
  /** The files whose change touches this client. */
  because: readonly string[];
  changes: readonly Change[];
  days: readonly Day[];
  samples: readonly Sample[];
  /** Missing before a client exists and after it is gone. */
  cost: { before?: MonthCost; after?: MonthCost; budgetUsd: number };
}

/** One thing that reads differently; a missing side was not there. */
export interface Change {
  what: string;
  before?: string;
  after?: string;
}

/** A local day with posts in the client's zone. */
export interface Day {
  date: string;
  times: readonly string[];
  /** Times of the base that the head no longer has. */
  dropped: readonly string[];
  /** Set on the day when the zone's clocks change, such as `clocks go back 1 h`. */
  clocks?: string;
}

/** The same slot as base and head would write it. */
export interface Sample {
  slot: string;
  before?: SampleText;
  after?: SampleText;
}

export type SampleText = WrittenSample | { refused: string };

export interface WrittenSample {
  text: string;
  topic: string;
  prompt: string;
  promptVersion: string;
  /** Missing for a fallback text. */
  model?: string;
  /** As X counts; 280 is the most. */
  weightedLength: number;
  /** How many candidates the checks refused before this one passed. */
  refusedCandidates: number;
  modelUsd: number;
  xUsd: number;
}

/** Dollars for 30 days from now. */
export interface MonthCost {
  posts: number;
  modelUsd: number;
  /** True when no sample could be priced, so that the worst case stands in. */
  modelIsWorstCase: boolean;
  /** Without links, or with as few as the rules allow. */
  xUsd: number;
  /** With as many links as the rules allow. */
  xMostUsd: number;
}
