import { UserError } from "../errors.ts";
import type { Levers } from "../levers.ts";
import { openLedgerRpc } from "../open-ledger.ts";
import type { Ledger } from "../ports.ts";
import { printable, visible } from "../record/visible.ts";
import { type Context, jsonLine, usableSettings } from "./context.ts";

/**
 * Opens the ledger for one command and closes it afterwards.
 * @throws UserError in GitHub Actions without Supabase's settings: the lever would move nothing, and look as if it had.
 */
export async function withLevers<T>(
  context: Context,
  work: (open: { levers: Levers; ledger: Ledger }) => Promise<T>,
): Promise<T> {
  const settings = usableSettings(context);
  if (settings.ledger.kind === "real") {
    context.log.hide([settings.ledger.secretKey]);
    context.host?.mask(settings.ledger.secretKey);
  } else if (context.host !== undefined) {
    throw new UserError(
      "SUPABASE_URL and SUPABASE_SECRET_KEY are not set here, so this would not reach the ledger of the runs. Add the secrets to the workflow's environment.",
    );
  }
  const [{ openLedger }, { openLevers }] = await Promise.all([
    import("../vendors/supabase.ts"),
    import("../vendors/supabase-levers.ts"),
  ]);
  let close = async () => {};
  const rpc = await openLedgerRpc({ ...context, settings }, (closeLedger) => {
    close = closeLedger;
  });
  try {
    return await work({ levers: openLevers(rpc), ledger: openLedger(rpc) });
  } finally {
    await close();
  }
}

/** Lines in which what others wrote can neither repaint a terminal nor command GitHub's runner; or one JSON document. */
export function writeAnswer(context: Context, document: object, lines: readonly string[]): void {
  if (!context.arguments.json) context.write(lines.map((line) => `${printable(visibleLine(line))}\n`).join(""));
  else context.write(jsonLine(document));
}

/** `visible` takes the indentation away that groups lines. */
function visibleLine(line: string): string {
  const indentation = /^ */.exec(line)?.[0] ?? "";
  return `${indentation}${visible(line)}`;
}
