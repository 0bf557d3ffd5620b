import type { LedgerInfo } from "../doctor/ledger.ts";
import { PostingError } from "../errors.ts";
import { ask, type Rpc } from "./supabase.ts";
import { field } from "./x-classify.ts";

/** The applied migrations and the database's clock; config when the schema is older than the function. */
export async function readLedgerInfo(rpc: Rpc): Promise<LedgerInfo> {
  const answer = await ask(rpc, "ledger_info", {});
  const [clock, migrations] = [field(answer, "clock"), field(answer, "migrations")];
  if (typeof clock !== "string" || Number.isNaN(Date.parse(clock)) || !Array.isArray(migrations)) {
    throw new PostingError("unavailable", "the ledger's answer could not be read (ledger_info)");
  }
  return {
    clock: new Date(clock),
    migrations: migrations.map((row) => ({ name: String(field(row, "name")), sha256: String(field(row, "sha256")) })),
  };
}
