import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";

/** One class of X's answers to a send. */
export interface XAnswer {
  name: string;
  /** Missing: X creates the post and says so. */
  fault?: Fault;
  /** How the ledger puts it when X refused the text for good; missing where the slot must end with a post. */
  refused?: RegExp;
  /** X's own check against the same text twice, in hours; without it nothing but our own care keeps a text from going out twice. */
  duplicateWindowHours?: number;
}

/** X creates the post and says so. */
export const created: XAnswer = { name: "created" };

const soon = new Date("2026-11-21T09:20:00Z");
const hours = 3600;

/** Every row of the failure table of POST /2/tweets. */
export const xAnswers: readonly XAnswer[] = [
  created,
  { name: "403 duplicate", fault: xFaults.duplicate, refused: /posted the same text before/ },
  { name: "403 content", fault: xFaults.notPermitted, refused: /does not take this text/ },
  { name: "403 reply", fault: xFaults.replyNotAllowed, refused: /does not take this text/ },
  { name: "400", fault: xFaults.invalidRequest, refused: /does not take this text/ },
  { name: "403 suspended", fault: xFaults.suspended, refused: /suspended/ },
  { name: "403 with code 64", fault: xFaults.accountCode(64), refused: /see to the account on X/ },
  { name: "403 with code 326", fault: xFaults.accountCode(326), refused: /see to the account on X/ },
  { name: "403 read-only app", fault: xFaults.readOnlyApp, refused: /app permissions/ },
  { name: "403 client forbidden", fault: xFaults.clientForbidden },
  { name: "403 unsupported authentication", fault: xFaults.unsupportedAuthentication },
  { name: "401", fault: xFaults.unauthorized },
  { name: "402", fault: xFaults.outOfCredit },
  { name: "429", fault: xFaults.tooManyWithoutHeaders },
  { name: "429 of the account", fault: xFaults.tooManyPerUser(soon) },
  { name: "429 of the account's day", fault: xFaults.tooManyPerDay("user", soon) },
  { name: "429 usage capped", fault: xFaults.usageCapped },
  { name: "429 of the app", fault: xFaults.tooManyPerDay("app", soon) },
  { name: "500 before creation", fault: xFaults.serverError(500, false) },
  { name: "503 in HTML", fault: xFaults.htmlUnavailable },
  { name: "503 after creation", fault: xFaults.serverError(503, true) },
  { name: "200 with errors only", fault: xFaults.onlyErrors },
  { name: "201 without an id", fault: xFaults.createdWithoutId },
  { name: "reset", fault: { kind: "reset" } },
  { name: "lost", fault: { kind: "lost-answer" } },
  { name: "no answer, not created", fault: { kind: "hang", done: false } },
  { name: "no answer, created", fault: { kind: "hang", done: true } },
  { name: "201 too slow", fault: { kind: "drip", everyMs: 100 } },
  { name: "201 cut before its id", fault: { kind: "cut-body", afterBytes: 6 } },
  { name: "201 cut behind its id", fault: { kind: "cut-body", afterBytes: 45 } },
  { name: "created, shown hours later", fault: { kind: "lag", seconds: 10 * hours }, duplicateWindowHours: 12 },
];

/** Whether only the deadline of the send ends it. */
export function isEndless(fault: Fault | undefined): boolean {
  return fault?.kind === "hang" || fault?.kind === "drip";
}

/** One of each kind: no harm, a refusal for good, an unclear one behind which a post stands. */
const oneOfEachKind = xAnswers.filter(({ name }) => ["created", "403 content", "lost"].includes(name));

/**
 * Before the intent a kill leaves a slot for which X was not asked yet, whatever it will answer then. With CRASH_ANSWERS=all
 * every answer is tried there too, for which the workflow `prove` has the minutes.
 */
export const answersBeforeIntent = process.env.CRASH_ANSWERS === "all" ? xAnswers : oneOfEachKind;

const syllables = ["ba", "cho", "de", "fi", "gu", "ha", "jo", "ke", "li", "mu", "no", "pa", "ri", "so", "tu", "wa"];

/** A text that shares next to nothing with the one of another number: what a second completion for a slot would give. */
export function distinctText(number: number): string {
  let state = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  const draw = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return syllables[(state >>> 20) % syllables.length];
  };
  const words = Array.from({ length: 14 }, () => [draw(), draw(), draw()].join(""));
  return `${words.join(" ")} ${number}.`;
}
