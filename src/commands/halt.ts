import { UserError } from "../errors.ts";
import type { Context } from "./context.ts";
import { haltLines, namedScope, noSuchClient, scopeName } from "./halt-scope.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/** Five halts share a line of the summary. */
const maxWhyLength = 500;

/**
 * Stops a client, or everything: nothing more is sent, by ticks that run now either.
 * @throws UserError with exit code 2 for a client without a file, for which nothing is sent anyway, and for a reason that is
 * missing or too long.
 */
export async function halt(context: Context): Promise<number> {
  const { why: given } = context.arguments.flags;
  const why = typeof given === "string" ? given.trim() : "";
  if (why === "") throw new UserError('halt needs a reason: --why "TEXT"', 2);
  if (why.length > maxWhyLength) {
    throw new UserError(`--why takes ${maxWhyLength} characters at most, and these are ${why.length}: shorten it`, 2);
  }
  const { scope, isClient } = await namedScope(context);
  if (!isClient) throw noSuchClient(scope);
  const now = context.clock();
  const before = await withLevers(context, ({ levers }) => levers.halt({ scope, why, now }));
  writeAnswer(context, { halted: { scope, why, haltedAt: now }, before }, [
    `Halted ${scopeName(scope)}: nothing more is sent, by a running tick either. Lift it with the resume command.`,
    `Why: ${why}`,
    ...haltLines("Halted before", before),
  ]);
  return 0;
}
