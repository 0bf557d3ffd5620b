import { join } from "node:path";
import { type Arguments, helpText, parseArguments } from "./arguments.ts";
import type { Context } from "./commands/context.ts";
import { PostingError, UserError } from "./errors.ts";
import type { Clock } from "./ports.ts";
import { actionsHost, command } from "./vendors/actions.ts";
import { openLog } from "./vendors/log.ts";

/** Each command is loaded when it is asked for, so that a tick with nothing to do starts fast. */
const handlers: Record<Arguments["command"], (context: Context) => Promise<number>> = {
  run: async (context) => (await import("./commands/run.ts")).run(context),
  plan: async (context) => (await import("./commands/plan.ts")).plan(context),
  report: async (context) => (await import("./commands/report.ts")).report(context),
  validate: async ({ arguments: { root, positionals: files, json, flags }, host, write }) => {
    const { runValidate } = await import("./commands/validate.ts");
    const annotate = host && { annotate: host.annotate };
    return runValidate(
      { root, files, json, fix: flags.fix === true, ...annotate },
      { write: (line) => write(`${line}\n`) },
    );
  },
  preview: async (context) => (await import("./commands/preview.ts")).preview(context),
  onboard: async (context) => (await import("./commands/onboard.ts")).onboard(context),
  seal: async (context) => (await import("./commands/seal.ts")).seal(context),
  connect: async (context) => (await import("./commands/connect.ts")).connect(context),
  keygen: async ({ arguments: { flags }, write }) => {
    const { runKeygen } = await import("./commands/keygen.ts");
    write(`${await runKeygen(typeof flags.out === "string" ? { out: flags.out } : {})}\n`);
    return 0;
  },
  migrate: async ({ environment, migrationsDirectory, write }) => {
    const { runMigrate } = await import("./commands/migrate.ts");
    await runMigrate({
      url: environment.SUPABASE_DB_URL,
      directory: migrationsDirectory,
      write: (line) => write(`${line}\n`),
    });
    return 0;
  },
  halt: async (context) => (await import("./commands/halt.ts")).halt(context),
  resume: async (context) => (await import("./commands/resume.ts")).resume(context),
  "dead-letters": async (context) => (await import("./commands/dead-letters.ts")).deadLetters(context),
  retry: async (context) => (await import("./commands/retry.ts")).retry(context),
  simulate: async (context) => (await import("./commands/simulate.ts")).simulate(context),
  doctor: async (context) => (await import("./commands/doctor.ts")).doctor(context),
  explain: async (context) => (await import("./commands/explain.ts")).explain(context),
};

/** Runs the command of this process's command line and returns its exit code. */
export async function main(): Promise<number> {
  const log = openLog({ stream: process.stderr, folds: process.env.GITHUB_ACTIONS === "true" });
  try {
    const given = parseArguments(process.argv.slice(2));
    if (given.help) {
      process.stdout.write(`${helpText(isBare(process.argv.slice(2)) ? undefined : given.command)}\n`);
      return 0;
    }
    return await handlers[given.command](contextOf(given, log));
  } catch (error) {
    return explain(error, log);
  }
}

function contextOf(given: Arguments, log: Context["log"]): Context {
  const host = actionsHost(process.env, process.stderr);
  return {
    arguments: given,
    environment: process.env,
    stateDirectory: given.state ?? join(given.root, ".clara"),
    migrationsDirectory: join(import.meta.dirname, "../schemas/sql"),
    clock: clockFrom(given.now),
    log,
    host,
    write: (text) => process.stdout.write(text),
    stopping: stopSignal(),
  };
}

/** `--now` sets the clock, and it runs on from there. */
function clockFrom(now: Date | undefined): Clock {
  const offsetMs = now === undefined ? 0 : now.getTime() - Date.now();
  return () => new Date(Date.now() + offsetMs);
}

/** The first signal lets the slots at work end; the second one ends the process, as everywhere. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

function explain(error: unknown, log: Context["log"]): number {
  if (error instanceof UserError || error instanceof PostingError) {
    // In Actions a command of the runner, which shows the message beside the run.
    const inActions = process.env.GITHUB_ACTIONS === "true";
    process.stderr.write(`${inActions ? command("error", {}, error.message) : error.message}\n`);
    return error instanceof UserError ? error.exitCode : 1;
  }
  log.error("unexpected error", { error });
  return 1;
}

function isBare([first, second]: readonly string[]): boolean {
  const word = first === "help" ? second : first;
  return word === undefined || word.startsWith("-");
}
