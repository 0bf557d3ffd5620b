import { createRequire } from "node:module";
import { PostingError, UserError } from "../errors.ts";
import { command, escapeInvisible, neutraliseCommands } from "./actions.ts";
import { openRedactor } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
type Fields = Readonly<Record<string, unknown>>;

/** One line per event: a fixed event name, and what varies in the fields. */
export interface Log extends Record<LogLevel, (event: string, fields?: Fields) => void> {
  /** Secrets opened later: from now on they appear in no line, neither plain nor encoded. */
  hide(secrets: readonly string[]): void;
  /**
   * The lines of one client. In GitHub Actions they stand together under a fold once the group is closed, because clients
   * are served at the same time; warnings and errors are written at once and outside of it. Elsewhere nothing differs.
   */
  group(name: string): Log & { close(): void };
}

interface LogOptions {
  /** Standard error: standard output belongs to results. */
  stream: { write(text: string): unknown; isTTY?: boolean };
  level?: LogLevel;
  secrets?: readonly string[];
  /** True in GitHub Actions, where groups fold. */
  folds?: boolean;
}

/** Lines for people: short on a terminal, with the full time elsewhere. No field can break its line or command a runner. */
export function openLog({ stream, level = "info", secrets = [], folds = false }: LogOptions): Log {
  const { hide, redact } = openRedactor();
  const write = (line: string) => stream.write(`${line}\n`);
  const layout = stream.isTTY === true ? shortLine : fullLine;

  // One logger for all groups: opening one takes longer than writing a line.
  let logger: ReturnType<typeof openPino> | undefined;
  let sink: Sink = write;
  const destination = {
    write(json: string) {
      const entry: Entry = JSON.parse(json);
      sink(neutraliseCommands(layout(entry, (value) => clean(value, redact))), entry.level);
    },
  };

  function logTo(own: Sink): Log {
    const at =
      (name: LogLevel) =>
      (event: string, fields: Fields = {}) => {
        logger ??= openPino(level, destination);
        sink = own;
        logger[name]({ fields: plainErrors(fields) }, event);
      };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), hide, group };
  }

  function group(name: string): Log & { close(): void } {
    if (!folds) return { ...logTo(write), close: () => undefined };
    const kept: string[] = [];
    const log = logTo((line, lineLevel) =>
      lineLevel === "debug" || lineLevel === "info" ? kept.push(line) : write(line),
    );
    const close = () => {
      const lines = kept.splice(0);
      if (lines.length > 0)
        write([command("group", {}, escapeInvisible(redact(name))), ...lines, "::endgroup::"].join("\n"));
    };
    return { ...log, close };
  }

  hide(secrets);
  return logTo(write);
}

type Sink = (line: string, level: LogLevel) => void;

interface Entry {
  level: LogLevel;
  time: string;
  event: string;
  fields: Fields;
}

/** Loaded by the first line: a tick with nothing due writes none. */
function openPino(level: LogLevel, destination: { write(json: string): void }) {
  const { pino }: typeof import("pino") = createRequire(import.meta.url)("pino");
  const settings = {
    level,
    base: null,
    messageKey: "event",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, destination);
}

type Clean = (value: unknown) => unknown;

const fullLine = (entry: Entry, cleaned: Clean) => `${entry.time} ${entry.level} ${rest(entry, cleaned)}`;
const shortLine = (entry: Entry, cleaned: Clean) =>
  `${entry.time.slice(11, 19)} ${entry.level.padEnd(5)} ${rest(entry, cleaned)}`;

function rest({ event, fields }: Entry, cleaned: Clean): string {
  const pairs = Object.entries(cleaned(fields) as Fields).map(
    ([key, value]) => `${escapeInvisible(key)}=${shown(value)}`,
  );
  return [escapeInvisible(String(cleaned(event))), ...pairs].join(" ");
}

function shown(value: unknown): string {
  if (typeof value === "string" && /^[\p{L}\p{N}_.:/@+-]+$/u.test(value)) return value;
  return escapeInvisible(JSON.stringify(value));
}

/** Characters of one value that are shown. */
const longestValue = 2000;
/** Numbers pass under such a key: `tokens: 120` is a count. */
const secretKey =
  /secret|token|password|passphrase|authorization|api[-_]?key|app[-_]?key|credential|cookie|identity|sealed/i;

function clean(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return cut(redact(value));
  if (Array.isArray(value)) return value.map((item) => clean(item, redact));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const isSecret = secretKey.test(key) && typeof item !== "number" && typeof item !== "boolean" && item !== null;
    return [redact(key), isSecret ? "[secret]" : clean(item, redact)];
  });
  return Object.fromEntries(entries);
}

const cut = (text: string) =>
  text.length <= longestValue ? text : `${text.slice(0, longestValue)}… and ${text.length - longestValue} more`;

/** An error of ours says all in its message; of any other, the stack is wanted. Never its fields: SDKs keep headers there. */
function plainErrors(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? describe(value) : value]);
  return Object.fromEntries(entries);
}

function describe(error: Error): string {
  if (error instanceof PostingError) return `${error.kind}: ${error.message}`;
  return error instanceof UserError ? error.message : (error.stack ?? String(error));
}
