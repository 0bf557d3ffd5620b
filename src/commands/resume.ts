import type { Context } from "./context.ts";
import { haltLines, haltScope, minute, scopeName } from "./halt-scope.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/** Lifts the halt of a client, or the one for all, with the waits and breakers of that scope; those of others stay. */
export async function resume(context: Context): Promise<number> {
  const scope = await haltScope(context);
  const now = context.clock();
  const { before, ended } = await withLevers(context, ({ levers }) => levers.resume({ scope, now }));
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
