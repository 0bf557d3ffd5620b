import { parseArgs } from "node:util";
import { UserError } from "./errors.ts";

interface Option {
  type: "string" | "boolean";
  /** What stands for the value in the help text. */
  value?: string;
  help: string;
}

interface CommandUsage {
  summary: string;
  /** Names of positional arguments: `NAME` once, `[NAME]` at most once, `[NAME…]` any number. */
  positionals?: string;
  options?: Readonly<Record<string, Option>>;
}

const globalOptions = {
  root: { type: "string", value: "DIR", help: "folder that holds clients/ and prompts/ (default: this folder)" },
  state: { type: "string", value: "DIR", help: "folder for what the sandbox keeps between runs (default: .clara)" },
  now: { type: "string", value: "INSTANT", help: "pretend that it is this instant, such as 2026-11-21T09:00:00Z" },
  json: { type: "boolean", help: "print one JSON document on stdout" },
  help: { type: "boolean", help: "print this help" },
} as const satisfies Record<string, Option>;

/** Every command with its own words; the help texts are made from this table. */
export const commands = {
  run: {
    summary: "one tick: post every slot that is due, record it, print the summary",
    options: {
      client: { type: "string", value: "ID", help: "serve this client only" },
      shard: { type: "string", value: "RANGE", help: "serve only clients whose ids hash into it; see plan --shards" },
      shards: { type: "boolean", help: "where the work is more than one job should take, only print its shards" },
      report: { type: "string", value: "FILE", help: "write the report to this file, and no summary; see report" },
      "dry-run": {
        type: "boolean",
        help: "say what would be written and what it costs at most; write, send, record nothing",
      },
    },
  },
  plan: {
    summary: "what is due, missed and next, without side effects",
    options: {
      client: { type: "string", value: "ID", help: "look at this client only" },
      shards: { type: "boolean", help: "split the clients with work into shards, one for each job" },
    },
  },
  report: {
    summary: "merge the files that run --report wrote, one for each shard, into one summary",
    positionals: "[FILE|DIR…]",
    options: {
      shards: { type: "string", value: "JSON", help: "the shards that were started, as run --shards gave them" },
    },
  },
  validate: {
    summary: "check every file under clients/ and prompts/, or the files named",
    positionals: "[FILE…]",
    options: {
      fix: {
        type: "boolean",
        help: "mend typos of fields, a zone's case, an @ before a handle, the order of times and days",
      },
    },
  },
  preview: {
    summary: "what a change of files does to each client: its posts, times and price, beside those of a base commit",
    options: {
      base: { type: "string", value: "REF", help: "the commit to compare with, such as origin/main" },
      client: { type: "string", value: "ID", help: "show this client only" },
      samples: { type: "string", value: "N", help: "posts to write per client, 0 to 10 (default: 3)" },
      offline: { type: "boolean", help: "write samples with the sandbox's writer, whatever keys there are" },
      out: { type: "string", value: "DIR", help: "write preview.json and comment.md there" },
      from: { type: "string", value: "FILE", help: "show a preview.json again instead of comparing" },
    },
  },
  onboard: {
    summary: "write a client's file from the text of the issue form new-client",
    options: {
      form: { type: "string", value: "FILE", help: "the text of the issue" },
      out: { type: "string", value: "DIR", help: "write the pull request's text there, or why there is none" },
    },
  },
  seal: {
    summary: "encrypt a client's X credentials into its file; asks for them, or reads JSON from standard input",
    positionals: "[CLIENT]",
    options: {
      rotate: {
        type: "boolean",
        help: "encrypt every client's anew to the recipients now in the defaults; CLARA_NEW_IDENTITY has to open them",
      },
    },
  },
  connect: {
    summary: "let a client's X account give this app access: shows a link, takes the PIN, seals the tokens",
    positionals: "CLIENT",
  },
  keygen: {
    summary: "make the age identity that opens sealed credentials, and its recipient",
    options: {
      out: { type: "string", value: "FILE", help: "write the identity to this new file, readable by you alone" },
    },
  },
  migrate: { summary: "apply schemas/sql to the database of SUPABASE_DB_URL, each file once" },
  halt: {
    summary: "send nothing more for a client, or for all, within one send and in running ticks too",
    positionals: "[CLIENT]",
    options: { why: { type: "string", value: "TEXT", help: "the reason, which the summary of every tick then gives" } },
  },
  resume: { summary: "lift the halt of a client, or the one for all, and end its waits", positionals: "[CLIENT]" },
  "dead-letters": { summary: "the slots that a person must look at, newest first, and whether retry takes them" },
  retry: {
    summary: "make dead letters owed again, where a second send cannot post twice",
    positionals: "[SLOT…]",
    options: { "all-safe": { type: "boolean", help: "every dead letter that can be taken up again" } },
  },
  doctor: {
    summary: "check files, keys, accounts, services and limits without posting; X charges $0.01 per client asked about",
    positionals: "[CLIENT]",
    options: {
      out: { type: "string", value: "DIR", help: "write issues.json there: an issue's text per client in trouble" },
    },
  },
  explain: {
    summary: "where a post comes from: its slot, run, files, model, checks, cost and sends",
    positionals: "SLOT|POST-ID|URL",
  },
  simulate: {
    summary: "let days pass in minutes, with faults, and see whether every promise holds; touches nothing real",
    options: {
      days: { type: "string", value: "N", help: "days to simulate (default: 30)" },
      clients: { type: "string", value: "N", help: "so many clients made from the workspace's (default: its own)" },
      from: { type: "string", value: "INSTANT", help: "when it begins (default: the start of today in UTC)" },
      seed: { type: "string", value: "S", help: "another seed draws other faults (default: 1)" },
      faults: { type: "string", value: "NAME", help: "calm, github-2026, storm, or a YAML file (default: calm)" },
    },
  },
} as const satisfies Record<string, CommandUsage>;

export type CommandName = keyof typeof commands;

export interface Arguments {
  command: CommandName;
  help: boolean;
  root: string;
  state: string | undefined;
  now: Date | undefined;
  json: boolean;
  flags: Readonly<Record<string, string | boolean | undefined>>;
  positionals: readonly string[];
}

/** Reads the command line; `run` is the default command. @throws UserError with exit code 2 for wrong usage. */
export function parseArguments(given: readonly string[]): Arguments {
  const argv = askingForHelp(given);
  const [first = "run", ...rest] = argv[0]?.startsWith("-") === false ? argv : ["run", ...argv];
  if (!isCommand(first)) throw usageError(`there is no command ${first}`);
  const usage: CommandUsage = commands[first];
  const { values, positionals } = parse(first, rest, { ...globalOptions, ...usage.options });
  const { root, state, now, json, help, ...flags } = values;
  const expected = usage.positionals;
  if (help !== true && !fits(positionals.length, expected)) {
    throw usageError(`${first} takes ${expected ?? "no further words"}`, first);
  }
  return {
    command: first,
    help: help === true,
    root: text(root) ?? ".",
    state: text(state),
    now: readInstant(text(now), first),
    json: json === true,
    flags,
    positionals,
  };
}

/** `help`, `help COMMAND` and `-h` mean --help. */
function askingForHelp([first = "run", ...rest]: readonly string[]): readonly string[] {
  const words = first === "help" ? [...rest, "--help"] : [first, ...rest];
  return words.map((word) => (word === "-h" ? "--help" : word));
}

/** The help text of one command, or of all. */
export function helpText(command?: CommandName): string {
  if (command === undefined) return overview();
  const usage: CommandUsage = commands[command];
  const line = ["npm start --", command, "[options]", usage.positionals].filter(Boolean).join(" ");
  const own = optionLines(usage.options ?? {});
  return [`${command}: ${usage.summary}`, "", `  ${line}`, "", ...own, ...optionLines(globalOptions)].join("\n");
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  const more = "Each command explains itself with --help. Without a command, run is meant.";
  return ["Usage: npm start -- [command] [options]", "", ...lines, "", ...optionLines(globalOptions), "", more].join(
    "\n",
  );
}

function optionLines(options: Readonly<Record<string, Option>>): string[] {
  return Object.entries(options).map(([name, { value, help }]) => {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    return `  ${flag.padEnd(18)}${help}`;
  });
}

function parse(command: CommandName, args: readonly string[], options: Readonly<Record<string, Option>>) {
  const types = Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }]));
  try {
    return parseArgs({ args: [...args], options: types, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(error instanceof Error ? (error.message.split(". ")[0] ?? "") : "wrong options", command);
  }
}

function readInstant(value: string | undefined, command: CommandName): Date | undefined {
  if (value === undefined) return undefined;
  const instant = new Date(value);
  // A time without a zone would mean another instant on every machine.
  if (Number.isNaN(instant.getTime()) || !/(Z|[+-]\d\d:?\d\d)$/i.test(value)) {
    throw usageError(`--now needs an instant with its zone, such as 2026-11-21T09:00:00Z, not ${value}`, command);
  }
  return instant;
}

function usageError(message: string, command?: CommandName): UserError {
  const hint = command === undefined ? "npm start -- --help" : `npm start -- ${command} --help`;
  return new UserError(`${message} (see \`${hint}\`)`, 2);
}

function fits(count: number, positionals: string | undefined): boolean {
  if (positionals === undefined) return count === 0;
  if (positionals.endsWith("…]")) return true;
  return count === 1 || (count === 0 && positionals.startsWith("["));
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

function text(value: string | boolean | (string | boolean)[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
