import type { ClientStatus, Prompt, PromptMessage } from "../terms.ts";

/** The four kinds of files as their schemas describe them: field names of the YAML, nothing filled in. */
export interface ClientFile extends SharedFields {
  name: string;
  handle: string;
  x_user_id: string;
  timezone: string;
  schedule: ScheduleFields;
  voice: string;
  topics: string[];
  posts: { prompt: string; weight?: number }[];
  credentials?: { sealed: string };
}

/** Fields of a client file that `clients/_defaults.yaml` may give for all clients. */
export interface SharedFields {
  status?: ClientStatus;
  schedule?: SharedScheduleFields;
  language?: string;
  model?: string;
  fallback_models?: string[];
  limits?: Partial<LimitFields>;
  links?: "deny" | "allow" | { max_per_week: number };
  avoid?: string[];
  fallbacks?: string[];
  made_with_ai?: boolean;
  members?: string[];
}

export interface SharedScheduleFields {
  jitter?: string;
  late?: { within?: string; then?: "skip" | "post" };
  min_gap?: string;
  except?: string[];
}

export interface ScheduleFields extends SharedScheduleFields {
  days: string | string[];
  times?: string[];
  posting_hours?: string;
  posts_per_day?: number;
}

export interface LimitFields {
  posts_per_day: number;
  completions_per_day: number;
  usd_per_month: number;
}

export interface DefaultsFile {
  recipient: string | string[];
  global: LimitFields & { model_requests_per_second?: number };
  defaults?: SharedFields;
}

export interface PricesFile {
  models: Record<string, { input: number; cached: number; output: number; checked: string; source: string }>;
  x: Record<"post" | "post_with_url" | "read_post" | "read_user", { usd: number; checked: string; source: string }>;
}

export interface PromptFile {
  title: string;
  version: string;
  state: Prompt["state"];
  models?: string[];
  modelParameters?: { temperature?: number; topP?: number; maxTokens?: number; maxCompletionTokens?: number };
  messages: PromptMessage[];
}
