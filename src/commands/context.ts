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

/** One JSON document on one line. The runner would take `##[` for a command anywhere in a line; JSON can spell it otherwise. */
export function jsonLine(document: object): string {
  return `${JSON.stringify(document).replaceAll("##[", "#\\u0023[")}\n`;
}
