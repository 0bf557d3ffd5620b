import type { XAccount } from "../ports.ts";
import type { Client, Prices } from "../terms.ts";
import type { AfterSend } from "./outcome.ts";
import type { PaidReads } from "./paid-reads.ts";
import { wrongAccountStrike } from "./strikes.ts";

export interface AccountProof {
  client: Pick<Client, "id" | "xUserId">;
  /** Fingerprint of the credential in use. */
  fingerprint: string;
  /** True when the credential belongs to an app of the client's own. */
  ownApp?: boolean;
  /** Fingerprints that the ledger has seen proven, with their X user ids. */
  knownAccounts: ReadonlyMap<string, string>;
}

/** Whether the credential belongs to the client; `failed` says what becomes of the slot when that is not proven. */
export type Proven = { proven: true } | { proven: false; failed: AfterSend };

/** Asks X once per credential. Nothing may be sent before this has said yes. */
export async function proveAccount(
  proof: AccountProof,
  { reads, account, prices }: { reads: PaidReads; account: Pick<XAccount, "whoAmI">; prices: Pick<Prices, "x"> },
): Promise<Proven> {
  const known = proof.knownAccounts.get(proof.fingerprint);
  if (known !== undefined) return compare(proof, known);
  const { readUserUsd } = prices.x;
  const read = await reads.read({ atMostUsd: readUserUsd, ask: () => account.whoAmI(), usd: () => readUserUsd });
  return "failed" in read ? { proven: false, failed: read.failed } : compare(proof, read.answer.xUserId);
}

function compare({ client }: AccountProof, xUserId: string): Proven {
  if (xUserId === client.xUserId) return { proven: true };
  const reason = `the credential belongs to X user ${xUserId}, but ${client.id} is X user ${client.xUserId}: seal the right credential or correct x_user_id, then resume ${client.id}`;
  const strikes = [wrongAccountStrike(reason)];
  const failed: AfterSend = {
    outcome: "dead",
    reason,
    cause: "wrong-account",
    strikes,
    stop: "client",
    xCharged: false,
  };
  return { proven: false, failed };
}
