import { appendFileSync } from "node:fs";
import type { Problem, RunInfo } from "../terms.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What Clara tells the GitHub Actions runner about a step. */
export interface ActionsHost {
  /** Shows problems at their lines, errors first: ten of each severity, or nine and a count of the rest. */
  annotate(problems: readonly Problem[]): void;
  /** Hides a secret in everything printed later. Ignores what is shorter than 8 characters: `***` would replace words. */
  mask(secret: string): void;
  /** The runner drops an output that contains a masked secret. */
  setOutputs(outputs: Readonly<Record<string, string | number | boolean>>): Promise<void>;
  /** Adds to the job summary; a text above the runner's limit is cut, since the runner would drop it whole. */
  writeSummary(markdown: string): Promise<void>;
}

/**
 * The runner that this process works for, or undefined outside GitHub Actions.
 * @param stream Where commands go. Give it standard error: the runner reads commands there too, and a mask on standard
 * output would put the secret into the JSON document that `--json` prints.
 */
export function actionsHost(env: Env, stream: { write(text: string): unknown }): ActionsHost | undefined {
  if (env.GITHUB_ACTIONS !== "true") return undefined;
  const issue = (line: string) => stream.write(`${line}\n`);
  return {
    annotate: (problems) => annotations(problems).forEach(issue),
    mask(secret) {
      if (secret.length >= 8) issue(command("add-mask", {}, secret));
    },
    async setOutputs(outputs) {
      // Without the file the toolkit prints a command that the runner has dropped.
      if (env.GITHUB_OUTPUT === undefined) return;
      const plain = Object.entries(outputs).filter(isPlain);
      if (plain.length > 0)
        appendFileSync(env.GITHUB_OUTPUT, plain.map(([name, value]) => `${name}=${value}\n`).join(""));
      const others = Object.entries(outputs).filter((output) => !isPlain(output));
      if (others.length === 0) return;
      // Loaded here because the import takes 65 ms; the toolkit writes values under a random delimiter.
      const { setOutput } = await import("@actions/core");
      for (const [name, value] of others) setOutput(name, value);
    },
    async writeSummary(markdown) {
      if (env.GITHUB_STEP_SUMMARY !== undefined) appendFileSync(env.GITHUB_STEP_SUMMARY, cutSummary(markdown));
    },
  };
}

/**
 * The run's id, `<GITHUB_RUN_ID>-<GITHUB_RUN_ATTEMPT>` so that a re-run is another run, and its commit; undefined elsewhere.
 * The commit is CLARA_COMMIT, by which the workflow says what it checked out. GITHUB_SHA is what the run was triggered by,
 * which in a re-run is an old one.
 */
export function commitAndRunFromEnv(env: Env): Pick<RunInfo, "id" | "commit"> | undefined {
  const { GITHUB_RUN_ID: runId, GITHUB_RUN_ATTEMPT: attempt, GITHUB_SHA: trigger, CLARA_COMMIT: checkedOut } = env;
  const commit = checkedOut || trigger;
  if (env.GITHUB_ACTIONS !== "true" || !runId || !attempt || !commit) return undefined;
  return { id: `${runId}-${attempt}`, commit };
}

/** One command for the runner; nothing in the message or the properties can end it or begin another one. */
export function command(name: string, properties: Readonly<Record<string, string | number>>, message: string): string {
  const pairs = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${[name, pairs.join(",")].filter(Boolean).join(" ")}::${escapeData(message)}`;
}

/**
 * Text from outside that is printed must not command the runner: it obeys `::name::` at the start of a line, spaces
 * before it or not, and the older `##[name]` anywhere in a line.
 */
export function neutraliseCommands(line: string): string {
  return line.replace(/^([\s\u0085]*):(?=:)/gmu, "$1: ").replaceAll("##[", "## [");
}

/** Control, bidirectional and line-separating characters as `\u001b`: they could hide text or repaint a terminal. */
export function escapeInvisible(text: string): string {
  return text
    .toWellFormed()
    .replace(
      /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

/** Counts, amounts and paths can neither end their line nor be read as another output. */
function isPlain([name, value]: readonly [string, string | number | boolean]): boolean {
  return /^[a-z][a-z-]*$/.test(name) && /^[\w./-]*$/.test(String(value));
}

const escapeData = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** The runner shows ten annotations of a type per step and forgets the others without a word. */
const annotationsPerType = 10;
/** The runner cuts a message at 4,096. */
const longestMessage = 4000;

function annotations(problems: readonly Problem[]): readonly string[] {
  return (["error", "warning"] as const).flatMap((severity) => {
    const ordered = problems.filter((problem) => problem.severity === severity).toSorted(byPlace);
    const shown = ordered.length <= annotationsPerType ? ordered : ordered.slice(0, annotationsPerType - 1);
    const rest = ordered.length - shown.length;
    return [
      ...shown.map(annotation),
      ...(rest > 0 ? [command(severity, {}, `and ${rest} more, see the summary`)] : []),
    ];
  });
}

function annotation({ severity, file, line, column, message, hint }: Problem): string {
  const text = escapeInvisible(hint === "" ? message : `${message} (${hint})`).slice(0, longestMessage);
  return command(severity, { file, line, col: column }, text.toWellFormed());
}

function byPlace(a: Problem, b: Problem): number {
  return a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column;
}

/** 1 MiB per step: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
const summaryBytes = 1024 * 1024;

function cutSummary(markdown: string): string {
  const bytes = Buffer.from(markdown);
  if (bytes.length <= summaryBytes) return markdown;
  const note = "\n\nThe summary was cut here: GitHub shows at most 1 MiB.\n";
  const kept = bytes.subarray(0, summaryBytes - Buffer.byteLength(note));
  // After a whole line, which also keeps a multi-byte character whole.
  const end = kept.lastIndexOf("\n");
  return kept.subarray(0, Math.max(0, end)).toString("utf8") + note;
}
