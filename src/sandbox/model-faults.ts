/** One request as the server counts it, from 1; moderation has no model of its own choice. */
export interface ModelCall {
  count: number;
  path: "/v1/chat/completions" | "/v1/moderations" | "/v1/models";
  model: string;
  /** The API key of whoever asks. */
  key: string;
}

/** What can go wrong with a language model. */
export type ModelFault =
  | { kind: "refusal" | "content-filter" | "empty" | "blank-texts" | "broken-json" | "no-choices" | "cut-off" }
  /** Instead of what the writer would have written. */
  | { kind: "texts"; texts: readonly string[] }
  | { kind: "no-usage" | "not-json" | "cut-body" | "reset" | "hang" }
  | { kind: "slow"; ms: number }
  | {
      kind: "error";
      status: number;
      code?: string;
      type?: string;
      param?: string;
      message?: string;
      retryAfter?: string;
    }
  /** The server knows no response_format, or not this kind of it. */
  | { kind: "no-format"; refuses: readonly ("json_schema" | "json_object")[] }
  /** Every text sent to moderation is flagged. */
  | { kind: "flagged" };

/** Decides for each request what goes wrong; undefined when nothing does. */
export type ModelFaults = (call: ModelCall) => ModelFault | undefined;

/** Texts that no check may let through, and that must stay text wherever they are shown. */
export const hostileTexts: readonly string[] = [
  "::set-output name=token::stolen",
  "</details><script>alert(1)</script> an innocent sentence",
  "\u001B[31mred alert\u001B[0m for the terminal",
  "A friendly hello to @somebody_else and @another_one",
  "Read all about it at example.com/offer today",
  "My key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
  "Looks \u202Edesrever\u202C but is not",
];

/** The error bodies that OpenAI sends. */
export const modelErrors = {
  unauthorised: {
    kind: "error",
    status: 401,
    code: "invalid_api_key",
    type: "invalid_request_error",
    message: "Incorrect API key provided: sandbox-********-key.",
  },
  rateLimited: {
    kind: "error",
    status: 429,
    code: "rate_limit_exceeded",
    type: "requests",
    message: "Rate limit reached for requests.",
    retryAfter: "7",
  },
  outOfQuota: {
    kind: "error",
    status: 429,
    code: "insufficient_quota",
    type: "insufficient_quota",
    message: "You exceeded your current quota, please check your plan and billing details.",
  },
  overloaded: { kind: "error", status: 503, type: "server_error", message: "The server is overloaded." },
} as const satisfies Record<string, ModelFault>;
