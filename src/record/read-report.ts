import { Ajv2020 } from "ajv/dist/2020.js";
import type { Cause, Outcome, ServiceName } from "../terms.ts";
import type { ReportFile } from "./merge-reports.ts";
import type { HaltReport, RunReport, SlotReport } from "./report.ts";
import { reportLimits } from "./report-limits.ts";

/** A slot fills about a kilobyte, and a job should take 500 of them: this is far more than a shard writes. */
export const maxReportBytes = 16 * 1024 * 1024;

const outcomes: Record<Outcome, true> = {
  posted: true,
  skipped: true,
  missed: true,
  deferred: true,
  unknown: true,
  dead: true,
};

const causes: Record<Cause, true> = {
  config: true,
  "over-budget": true,
  "rate-limited": true,
  unavailable: true,
  rejected: true,
  "out-of-credit": true,
  "outcome-unknown": true,
  halted: true,
  stopped: true,
  "backing-off": true,
  spacing: true,
  "fence-lost": true,
  "too-late": true,
  "no-text": true,
  credentials: true,
  "wrong-account": true,
  account: true,
  content: true,
  "sent-twice": true,
  "dry-run": true,
  rehearsal: true,
};

const words = (maxLength: number) => ({ type: "string", maxLength });
const matching = (pattern: string, maxLength = 200) => ({ type: "string", maxLength, pattern });
const amount = (type: "number" | "integer") => ({ type, minimum: 0, maximum: reportLimits.amount });
const one = (values: object) => ({ enum: Object.keys(values) });
const instant = matching(
  "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$",
);
const service = { enum: ["real", "sandbox"] };

function record(properties: Record<string, object>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

/** Every field of a slot, so that one which the report gains without a rule here does not compile. */
const slotFields = {
  slot: matching("^[a-z0-9-]+/\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$"),
  client: matching("^[a-z0-9-]+$"),
  handle: words(50),
  outcome: one(outcomes),
  reason: words(2000),
  cause: one(causes),
  nextAction: words(500),
  postId: words(50),
  link: matching("^https://x\\.com/\\w{1,15}/status/\\d{1,20}$"),
  text: words(reportLimits.textLength),
  model: words(200),
  promptVersion: words(200),
  rehearsal: { type: "boolean" },
  tokens: amount("integer"),
  costUsd: amount("number"),
  latenessSeconds: amount("number"),
} as const satisfies Record<keyof SlotReport, object>;

const optionalFields = ["reason", "cause", "nextAction", "postId", "link", "text", "model", "promptVersion"];

const modes = { ledger: service, limiter: service, model: service, x: service } satisfies Record<ServiceName, object>;

const runFields = {
  id: matching("^[\\w.-]+$"),
  commit: matching("^[\\w+-]+$"),
  mode: record(modes),
  startedAt: instant,
  finishedAt: instant,
} as const satisfies Record<keyof RunReport["run"], object>;

const haltFields = {
  scope: matching("^(\\*|[a-z0-9-]+)$"),
  why: words(2000),
} as const satisfies Record<keyof HaltReport, object>;

const fileFields = {
  run: record(runFields),
  slots: { type: "array", maxItems: 100_000, items: record(slotFields, optionalFields) },
  // The other figures are summed up again from the slots.
  totals: { type: "object", properties: { runtimeSeconds: amount("number") }, required: ["runtimeSeconds"] },
  halts: { type: "array", maxItems: 100_000, items: record(haltFields) },
  shard: matching("^[0-9a-f]{8}-[0-9a-f]{8}$"),
  notes: { type: "array", maxItems: reportLimits.notes, items: words(reportLimits.noteLength) },
} as const satisfies Record<keyof ReportFile, object>;

// The first mistake is enough: looking for all of them would let a hostile file choose how long that takes.
const isReportFile = new Ajv2020({ strict: true, allErrors: false }).compile<ReportFile>(
  record(fileFields, ["halts", "shard"]),
);

/** The report in a file that another job wrote, or why it is none. A reason names places, and quotes nothing. */
export function readReport(json: string): { report: ReportFile } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { problem: "it is not JSON" };
  }
  if (!isReportFile(value)) {
    const [error] = isReportFile.errors ?? [];
    return { problem: `it is not a report: ${place(error?.instancePath)} ${error?.message ?? ""}` };
  }
  const stray = value.slots.find(({ slot, client }) => !slot.startsWith(`${client}/`));
  return stray === undefined ? { report: value } : { problem: "it is not a report: a slot is not its client's" };
}

/** A path is made of names that the schema knows and of numbers: others do not lead anywhere. */
function place(path = ""): string {
  return path === "" ? "the document" : path.slice(0, 100);
}
