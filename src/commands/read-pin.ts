import { createInterface } from "node:readline";
import { UserError } from "../errors.ts";
import { askHidden } from "./ask-hidden.ts";
import type { CredentialsInput } from "./read-credentials.ts";

/**
 * The PIN that X's page shows: asked for at a terminal, otherwise the first line of standard input.
 * @throws UserError when the person stops, when no line comes, or when the line is no PIN.
 */
export async function readPin({ input, output }: CredentialsInput, stopping: AbortSignal): Promise<string> {
  const answer =
    input.isTTY === true
      ? ((await askHidden([{ name: "pin", ask: "PIN (not shown while you type)" }], { input, output })).pin ?? "")
      : await firstLine(input, stopping);
  if (stopping.aborted) throw new UserError("stopped; nothing was written");
  const pin = answer.replace(/\s/g, "");
  if (/^\w{4,32}$/.test(pin)) return pin;
  throw new UserError(
    "this is no PIN: it is the number that X shows after you authorised the app; nothing was written",
  );
}

async function firstLine(input: NodeJS.ReadableStream, stopping: AbortSignal): Promise<string> {
  const reader = createInterface({ input, signal: stopping });
  try {
    for await (const line of reader) return line;
    return "";
  } finally {
    reader.close();
  }
}
