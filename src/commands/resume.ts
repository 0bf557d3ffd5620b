import type { Context } from "./context.ts";
import { haltLines, minute, namedScope, noSuchClient, scopeName } from "./halt-scope.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/**
 * Lifts the halt of a client, or the one for all, with the waits and breakers of that scope; those of others stay. A halt
 * outlives its client's file, so a client that only the ledger knows may be named too.
 * @throws UserError with exit code 2 for a client that neither knows.
 */
export async function resume(context: Context): Promise<number> {
  const { scope, isClient } = await namedScope(context);
  const now = context.clock();
  const { before, ended } = await withLevers(context, async ({ levers, ledger }) => {
    const isKnown = isClient || (await ledger.readTick({ now })).clients.has(scope);
    if (!isKnown) throw noSuchClient(scope, ", and the ledger knows none of that name");
    return levers.resume({ scope, now });
  });
  const lifted = before.some((halt) => halt.scope === scope);
  const remaining = before.filter((halt) => halt.scope !== scope);
  const name = scopeName(scope);
  const done = lifted ? `Lifted the halt of ${name}; the next tick goes on.` : `There was no halt of ${name}.`;
  writeAnswer(context, { resumed: scope, lifted, before, ended }, [
    done,
    ...ended.map(({ reason, since }) => `Ended the wait${since ? ` since ${minute(since)}` : ""}: ${reason}`),
    ...haltLines("Halted before", before),
    ...haltLines("Still halted", remaining),
  ]);
  return 0;
}
