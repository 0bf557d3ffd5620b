import type { Problem } from "../terms.ts";

/** Keys and indexes from the root of a YAML document down to a node. */
export type Path = readonly (string | number)[];

/** One thing wrong at a node, before the node is turned into a line and a column. */
export interface Finding {
  path: Path;
  /** Where to point: at the value, or at the key that should not be there. */
  at: "value" | "key";
  message: string;
  hint: string;
  severity: Problem["severity"];
}

/** An error at the value of a field. */
export function fault(path: Path, message: string, hint: string): Finding {
  return { path, at: "value", message, hint, severity: "error" };
}

/** `schedule.times[1]`; `the file` for the root. */
export function label(path: Path): string {
  if (path.length === 0) return "the file";
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}

/** A value as a message shows it: quoted, one line, and short even when the value is not. */
export function preview(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "a mapping";
  if (value === null) return "empty";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
