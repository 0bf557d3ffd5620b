import { type Fault, xFaults } from "../sandbox/x-faults.ts";
import type { Draws } from "./draws.ts";
import type { Faults } from "./faults.ts";
import { type Spell, spellAt, type XSpells } from "./timetable.ts";

/** What happens to one request to X. */
export interface XTrouble {
  kind: string;
  /** Missing where the request never comes to X. */
  fault?: Fault;
  /** The answer comes, or fails to come, only at the deadline. */
  isSlow?: boolean;
}

interface Request {
  faults: Faults["x"];
  draws: Draws;
  spells: XSpells;
  now: Date;
  key: string;
  isSend: boolean;
  /** Whether a 401 that is for one client is for this one. */
  isMeant: (spell: Spell) => boolean;
  /** Repeated by the answers that repeat what they were sent. */
  secret: string;
}

/** Draws what goes wrong with a request; `key` names the request. */
export function drawXTrouble(request: Request): XTrouble | undefined {
  const { faults, draws, key, isSend, secret } = request;
  const lasting = lastingTrouble(request);
  if (lasting !== undefined) return lasting;
  const status = draws.pick([500, 502, 503, 504] as const, "status", key);
  const table: readonly (readonly [chance: number, trouble: XTrouble])[] = [
    [faults.lost, { kind: "X: answer lost", fault: { kind: "lost-answer" } }],
    [faults.before, { kind: "X: 5xx before", fault: xFaults.serverError(status, false) }],
    [faults.after, { kind: "X: 5xx after", fault: xFaults.serverError(status, true) }],
    [faults.cut, { kind: "X: body cut", fault: { kind: "cut-body", afterBytes: draws.between([0, 60], "cut", key) } }],
    [faults.reset, { kind: "X: reset", fault: { kind: "reset" } }],
    [
      faults.hang,
      { kind: "X: hangs", isSlow: true, fault: { kind: draws.chance(0.5, key) ? "lost-answer" : "reset" } },
    ],
    [isSend ? faults.lag : 0, { kind: "X: shown late", fault: { kind: "lag", seconds: draws.between([1, 100], key) } }],
    [faults.echo, { kind: "X: hostile 4xx", fault: echo(secret) }],
    [isSend ? faults.forbidden : 0, { kind: "X: not permitted", fault: xFaults.notPermitted }],
  ];
  let left = draws.unit("x", key);
  for (const [chance, trouble] of table) {
    if (left < chance) return trouble;
    left -= chance;
  }
  return undefined;
}

/** What every request meets while a spell lasts. */
function lastingTrouble({ spells, now, draws, key, isMeant }: Request): XTrouble | undefined {
  const at = (name: keyof XSpells) => spellAt(spells[name], now);
  if (at("refused") !== undefined) return { kind: "X: refused" };
  if (at("blocked") !== undefined) return { kind: "X: 403 of an edge", fault: edgeAnswer };
  const storm = at("storms");
  if (storm !== undefined) return { kind: "X: 429", fault: stormAnswer(storm, draws.unit("storm answer", key)) };
  if (at("credit") !== undefined) return { kind: "X: 402", fault: xFaults.outOfCredit };
  const isRefused = spells.unauthorized.some((spell) => spellAt([spell], now) !== undefined && isMeant(spell));
  return isRefused ? { kind: "X: 401", fault: xFaults.unauthorized } : undefined;
}

/** With the headers of the account's window, of the app's day, or without any. */
function stormAnswer({ until }: Spell, draw: number): Fault {
  if (draw < 0.6) return xFaults.tooManyPerUser(until);
  return draw < 0.9 ? xFaults.tooManyWithoutHeaders : xFaults.tooManyPerDay("app", until);
}

/** What a content delivery network answers for a host that it takes for an attacker: the request never came to X. */
const edgeAnswer: Fault = {
  kind: "answer",
  done: false,
  status: 403,
  contentType: "text/html",
  body: "<!DOCTYPE html><html><head><title>Attention Required!</title></head><body><h1>Sorry, you have been blocked</h1></body></html>",
};

/** A refusal of the text, in words that nobody may take for more than text. */
function echo(secret: string): Fault {
  const detail = `::error::no ${secret} ##[group]x\n::set-output name=a::b </details><script>alert(1)</script> @octocat \u001b[31mred`;
  return {
    kind: "answer",
    done: false,
    status: 403,
    body: { title: "Forbidden", detail, type: "about:blank", status: 403 },
  };
}
