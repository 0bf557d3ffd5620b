import type { Context } from "./context.ts";
import { haltLines, haltScope, scopeName } from "./halt-scope.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/** Lifts the halt of a client, or the one for all; the halts of others stay. */
export async function resume(context: Context): Promise<number> {
  const scope = await haltScope(context);
  const before = await withLevers(context, ({ levers }) => levers.resume({ scope }));
  const lifted = before.some((halt) => halt.scope === scope);
  const remaining = before.filter((halt) => halt.scope !== scope);
  const name = scopeName(scope);
  const done = lifted ? `Lifted the halt of ${name}; the next tick goes on.` : `There was no halt of ${name}.`;
  writeAnswer(context, { resumed: scope, lifted, before }, [
    done,
    ...haltLines("Halted before", before),
    ...haltLines("Still halted", remaining),
  ]);
  return 0;
}
