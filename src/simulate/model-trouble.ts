import { hostileTexts, type ModelFault, modelErrors } from "../sandbox/model-faults.ts";
import type { Draws } from "./draws.ts";
import type { Faults } from "./faults.ts";

/** What happens to one completion. */
export interface ModelTrouble {
  kind: string;
  /** Missing when the answer only takes long. */
  fault?: ModelFault;
  isSlow?: boolean;
  /** False where the model never worked on it. */
  isBilled: boolean;
}

/** Draws what goes wrong with a completion; `key` names the request. */
export function drawModelTrouble(input: {
  faults: Faults["model"];
  draws: Draws;
  key: string;
  secret: string;
}): ModelTrouble | undefined {
  const { faults, draws, key, secret } = input;
  const refusal = draws.pick(["refusal", "content-filter", "empty", "broken-json"] as const, "refusal", key);
  const table: readonly (readonly [chance: number, trouble: ModelTrouble])[] = [
    [faults.slow, { kind: "model: slow", isSlow: true, isBilled: true }],
    [faults.refuse, { kind: "model: refuses", fault: { kind: refusal }, isBilled: true }],
    // A 5xx says nothing about the bill, so here it was worked on: the harder case for a budget.
    [faults.fail, { kind: "model: 5xx", fault: modelErrors.overloaded, isBilled: true }],
    [faults.busy, { kind: "model: 429", fault: modelErrors.rateLimited, isBilled: false }],
    [faults.cut, { kind: "model: body cut", fault: { kind: "cut-body" }, isBilled: true }],
    [
      faults.hostile,
      { kind: "model: hostile texts", fault: { kind: "texts", texts: hostile(draws, key) }, isBilled: true },
    ],
    [faults.echo, { kind: "model: hostile error", fault: echo(secret), isBilled: false }],
  ];
  let left = draws.unit("model", key);
  for (const [chance, trouble] of table) {
    if (left < chance) return trouble;
    left -= chance;
  }
  return undefined;
}

function hostile(draws: Draws, key: string): readonly string[] {
  const first = draws.between([0, hostileTexts.length - 1], "hostile", key);
  return [0, 1, 2].flatMap((step) => hostileTexts[(first + step) % hostileTexts.length] ?? []);
}

function echo(secret: string): ModelFault {
  const message = `Incorrect key ${secret} ::error::x ##[error]y </details> @octocat \u001b[31m`;
  return { kind: "error", status: 400, code: "invalid_request", message };
}
