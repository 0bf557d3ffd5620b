import { randomUUID } from "node:crypto";
import type { Settings } from "./settings.ts";
import type { Rpc } from "./vendors/supabase.ts";

export interface LedgerOptions {
  settings: Pick<Settings, "ledger">;
  /** Holds what the sandboxes keep between runs. */
  stateDirectory: string;
  migrationsDirectory: string;
}

/** The way to the ledger's functions: Supabase, or the embedded Postgres of the sandbox, which `onClose` is told how to close. */
export async function openLedgerRpc(
  { settings, stateDirectory, migrationsDirectory }: LedgerOptions,
  onClose: (close: () => Promise<void>) => void,
): Promise<Rpc> {
  const { openRpc } = await import("./vendors/supabase.ts");
  if (settings.ledger.kind === "real") return openRpc(settings.ledger);
  const [{ openEmbeddedLedger }, { rpcFetch }, { readMigrations }] = await Promise.all([
    import("./sandbox/pglite.ts"),
    import("./sandbox/postgrest.ts"),
    import("./vendors/migrations.ts"),
  ]);
  const database = await openEmbeddedLedger(stateDirectory, await readMigrations(migrationsDirectory));
  onClose(database.close);
  const secretKey = randomUUID();
  return openRpc({ url: "http://ledger.sandbox", secretKey, fetch: rpcFetch(database, { secretKey }) });
}
