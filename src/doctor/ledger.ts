import type { DeadLetter } from "../levers.ts";
import type { Breaker, Clock, TickState } from "../ports.ts";
import { counted, duration } from "../record/format.ts";
import type { Client } from "../terms.ts";
import {
  type Attempt,
  attempt,
  everything,
  type Finding,
  failed,
  ok,
  skipped,
  type Verdict,
  warning,
} from "./check.ts";

/** What the ledger answers about itself. */
export interface LedgerInfo {
  clock: Date;
  migrations: readonly { name: string; sha256: string }[];
}

/** Reads only. Methods throw PostingError. */
export interface LedgerToCheck {
  info(): Promise<LedgerInfo>;
  state(): Promise<TickState>;
  deadLetters(): Promise<readonly DeadLetter[]>;
}

export interface LedgerChecks {
  ledger: LedgerToCheck;
  /** The files of schemas/sql in this checkout. */
  files: readonly { name: string; sha256: string }[];
  clients: readonly Client[];
  /** The tick's clock. */
  now: Date;
  /** The real time of this machine, which `--now` does not move. */
  machineClock: Clock;
  deadlineSeconds: number;
}

/** Whether the ledger answers, is the one that this checkout needs, agrees about the time, and keeps a client from posting. */
export async function checkLedger(checks: LedgerChecks): Promise<readonly Finding[]> {
  const { ledger, machineClock, deadlineSeconds, clients, now } = checks;
  const ask = <T>(asked: string, work: () => Promise<T>) => attempt({ asked, fixes, deadlineSeconds, work });
  const [state, info, letters] = await Promise.all([
    ask("the ledger", ledger.state),
    ask("the ledger", () => timed(ledger.info, machineClock)),
    ask("the ledger", ledger.deadLetters),
  ]);
  const all = (check: string, verdict: Verdict): Finding => ({ scope: everything, check, ...verdict });
  if ("failure" in state) {
    const unknown = skipped("the ledger did not answer");
    const own = clients.map(({ id }): Finding => ({ scope: id, check: "ledger", ...unknown }));
    return [all("ledger", state.failure), all("schema", unknown), all("clock", unknown), ...own];
  }
  // The ledger answers, so what fails here is a function that an older schema lacks.
  const schema = "failure" in info ? olderThanDoctor(info.failure) : schemaVerdict(info.value.migrations, checks.files);
  const clock = "failure" in info ? skipped("the ledger does not tell its time") : clockVerdict(info.value);
  const dead = "failure" in letters ? undefined : letters.value;
  return [
    all("ledger", ok("Supabase answers")),
    all("schema", schema),
    all("clock", clock),
    ...(state.value.halted === undefined ? [] : [all("halt", halted(state.value.halted))]),
    ...(state.value.breakers ?? []).map((breaker) => all("breaker", breakerVerdict(breaker))),
    ...clients.flatMap(({ id }) => checkClient(id, { state: state.value, dead, now })),
  ];
}

const fixes: Attempt<unknown>["fixes"] = {
  config:
    "copy SUPABASE_URL and SUPABASE_SECRET_KEY anew from the project's API settings; for a database that is new, run `npm start -- migrate`",
  unavailable: "see that the project is not paused in Supabase's dashboard, and that SUPABASE_URL is its address",
  else: "see the project's logs in Supabase's dashboard, and try again",
};

const migrate = "run `npm start -- migrate`";

function olderThanDoctor(failure: Verdict): Verdict {
  return failure.fix === fixes.config ? failed("the ledger's schema is older than this checkout", migrate) : failure;
}

function schemaVerdict(applied: LedgerInfo["migrations"], files: LedgerChecks["files"]): Verdict {
  const known = new Map(applied.map(({ name, sha256 }) => [name, sha256]));
  const missing = files.filter(({ name }) => !known.has(name));
  const changed = files.find(({ name, sha256 }) => known.has(name) && known.get(name) !== sha256);
  if (changed !== undefined) {
    const says = `schemas/sql/${changed.name} changed after it was applied`;
    return failed(says, "restore that file, and put the change into a new one with the next number");
  }
  if (missing[0] !== undefined) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
    return failed(`the ledger has not got ${missing[0].name}${more}`, migrate);
  }
  const ahead = applied.length - files.length;
  if (ahead === 0) return ok(`the schema is current: ${counted(files.length, "migration")}`);
  return warning(`the ledger has ${counted(ahead, "migration")} that this checkout lacks`, "update this checkout");
}

interface TimedInfo extends LedgerInfo {
  /** This machine's time before and after the question. */
  askedAt: Date;
  answeredAt: Date;
}

async function timed(info: () => Promise<LedgerInfo>, clock: Clock): Promise<TimedInfo> {
  const askedAt = clock();
  return { ...(await info()), askedAt, answeredAt: clock() };
}

/** Slots have minutes, and X refuses signatures that are 5 minutes off. */
const skewSeconds = { warning: 60, failed: 300 };

function clockVerdict({ clock, askedAt, answeredAt }: TimedInfo): Verdict {
  // The ledger read its clock between the two: what lies between them is the way, not a difference.
  const early = askedAt.getTime() - clock.getTime();
  const late = clock.getTime() - answeredAt.getTime();
  const seconds = Math.max(0, early, late) / 1000;
  const side = early > 0 ? "ahead of" : "behind";
  const says = `this machine is ${duration(seconds)} ${side} the ledger's clock`;
  const fix = "set this machine's clock by a time server (NTP)";
  if (seconds > skewSeconds.failed) return failed(`${says}: X refuses requests that are signed so`, fix);
  if (seconds > skewSeconds.warning) return warning(says, fix);
  return ok("this machine and the ledger agree about the time");
}

/** A dead letter of the last days is news; an older one was seen, and cannot always be taken up again. */
const newsDays = 7;

interface ClientLedger {
  state: TickState;
  dead: readonly DeadLetter[] | undefined;
  now: Date;
}

function checkClient(id: string, { state, dead, now }: ClientLedger): readonly Finding[] {
  const { halted: why, backoff } = state.clients.get(id) ?? {};
  const verdicts: Verdict[] = [];
  if (why !== undefined) verdicts.push(halted(why, id));
  if (backoff !== undefined && backoff.until > now) {
    const says = `waits until ${backoff.until.toISOString()}: ${backoff.reason}`;
    verdicts.push(warning(says, "it goes on by itself then; if it waits again, mend what the reason says"));
  }
  const own = (dead ?? []).filter(({ client }) => client === id);
  if (own[0] !== undefined) verdicts.push(deadVerdict(own, own[0], now));
  if (verdicts.length === 0)
    verdicts.push(dead ? ok("nothing keeps it from posting") : skipped("no dead letters read"));
  return verdicts.map((verdict) => ({ scope: id, check: "ledger", ...verdict }));
}

function breakerVerdict({ scope, state, reason }: Breaker): Verdict {
  const service = scope === "x" ? "X" : "the models";
  const fix = "one slot tries it again by itself; until then mend what the reason says";
  return warning(`every client waits for ${service} (breaker ${state}): ${reason}`, fix);
}

function halted(why: string, id?: string): Verdict {
  const words = ["npm start -- resume", id].filter(Boolean).join(" ");
  return warning(`halted: ${why}`, `when it may go on, run \`${words}\``);
}

function deadVerdict(own: readonly DeadLetter[], newest: DeadLetter, now: Date): Verdict {
  const days = (now.getTime() - newest.endedAt.getTime()) / 86_400_000;
  const says = `${counted(own.length, "dead letter")}, the newest ${newest.slot}: ${newest.reason ?? "no reason given"}`;
  const fix = "run `npm start -- dead-letters`: it says for each one what to do";
  return days <= newsDays ? failed(says, fix) : warning(says, fix);
}
