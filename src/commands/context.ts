import type { Arguments } from "../arguments.ts";
import { UserError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { type Environment, readSettings, type Settings } from "../settings.ts";
import type { ActionsHost } from "../vendors/actions.ts";
import type { Log } from "../vendors/log.ts";

/** What `main.ts` hands to every command. */
export interface Context {
  arguments: Arguments;
  environment: Environment;
  stateDirectory: string;
  migrationsDirectory: string;
  clock: Clock;
  log: Log;
  /** Set in GitHub Actions. */
  host: ActionsHost | undefined;
  /** Writes a result to standard output. */
  write(text: string): void;
  /** Aborted when the process is asked to stop: what was sent is recorded, nothing new is started. */
  stopping: AbortSignal;
}

/** The settings of this environment. @throws UserError that names every variable that is wrong. */
export function usableSettings({ environment, arguments: { now } }: Context): Settings {
  const { settings, problems } = readSettings(environment);
  if (problems.length > 0) throw new UserError(["The settings cannot be used:", ...problems].join("\n  "));
  if (now !== undefined && settings.x.kind === "real" && settings.x.reachesX) {
    throw new UserError("--now would post to the real X at a made-up time: unset X_APP_KEY, or leave --now out", 2);
  }
  return settings;
}

/**
 * One JSON document on one line. JSON can spell every character: what a terminal would obey or not show, and `##[`, which
 * GitHub's runner would take for a command anywhere in a line, are written as escapes.
 */
export function jsonLine(document: object): string {
  const json = JSON.stringify(document).replaceAll("##[", "#\\u0023[");
  return `${json.replace(/\p{C}|[\u2028\u2029]/gu, escaped)}\n`;
}

function escaped(characters: string): string {
  return [...Array(characters.length).keys()]
    .map((index) => `\\u${characters.charCodeAt(index).toString(16).padStart(4, "0")}`)
    .join("");
}
