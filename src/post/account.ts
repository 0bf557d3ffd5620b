import type { XAccount } from "../ports.ts";
import type { Client, Prices } from "../terms.ts";
import type { AfterSend } from "./outcome.ts";
import { readOrRule } from "./read-failure.ts";

export interface AccountProof {
  client: Pick<Client, "id" | "xUserId">;
  /** Fingerprint of the credential in use. */
  fingerprint: string;
  /** Fingerprints that the ledger has seen proven, with their X user ids. */
  knownAccounts: ReadonlyMap<string, string>;
}

/** Whether the credential belongs to the client; `failed` says what becomes of the slot when that is not proven. */
export type Proven = { costUsd: number } & ({ proven: true } | { proven: false; failed: AfterSend });

/** Asks X once per credential. Nothing may be sent before this has said yes. */
export async function proveAccount(
  proof: AccountProof,
  { account, prices, now }: { account: Pick<XAccount, "whoAmI">; prices: Pick<Prices, "x">; now: Date },
): Promise<Proven> {
  const known = proof.knownAccounts.get(proof.fingerprint);
  if (known !== undefined) return compare(proof, known, 0);
  const read = await readOrRule(() => account.whoAmI(), now);
  if ("failed" in read) return { proven: false, failed: read.failed, costUsd: 0 };
  return compare(proof, read.value.xUserId, prices.x.readUserUsd);
}

function compare({ client }: AccountProof, xUserId: string, costUsd: number): Proven {
  if (xUserId === client.xUserId) return { proven: true, costUsd };
  const reason = `the credential belongs to X user ${xUserId}, but ${client.id} is X user ${client.xUserId}: seal the right credential or correct x_user_id`;
  const failed: AfterSend = { outcome: "dead", reason, cause: "wrong-account", stop: "client", xCharged: false };
  return { proven: false, failed, costUsd };
}
