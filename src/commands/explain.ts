import { UserError } from "../errors.ts";
import { explanationDocument, explanationLines } from "../record/explain.ts";
import { visible } from "../record/visible.ts";
import type { Context } from "./context.ts";
import { withLevers, writeAnswer } from "./with-levers.ts";

/** The receipt of a slot, found by its id, or by its post's id or address. */
export async function explain(context: Context): Promise<number> {
  const named = context.arguments.positionals[0] ?? "";
  const found = await withLevers(context, ({ levers }) => levers.explain(postIdIn(named) ?? named));
  if (found === undefined) {
    throw new UserError(`the ledger knows no slot and no post ${visible(named)}: \`plan\` shows what slots are called`);
  }
  writeAnswer(context, explanationDocument(found), explanationLines(found));
  return 0;
}

/** The post's id in an address such as https://x.com/acme/status/123?s=20; browsers show it, and people copy it, without https. */
function postIdIn(address: string): string | undefined {
  return /^(?:https?:\/\/)?(?:www\.|mobile\.)?(?:x|twitter)\.com\/(?:i\/web|\w+)\/status\/(\d+)(?:[/?#].*)?$/i.exec(
    address,
  )?.[1];
}
