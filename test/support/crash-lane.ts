import { join } from "node:path";
import { supabaseRoles } from "../../src/sandbox/pglite.ts";
import { applyMigrations, type Query, readMigrations } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { type KeptRows, keptLedger } from "./crash-rows.ts";
import { emptyLedger, secretKey } from "./ledger.ts";
import { type NativePostgres, serveRpc } from "./postgres.ts";
import { openServiceSession } from "./service-session.ts";
import type { TestWorkspace } from "./workspace.ts";

/** A database of its own behind HTTP, used by one case after the other. */
export interface Lane {
  url: string;
  /** Takes every row out. */
  empty(): Promise<void>;
  rows: KeptRows;
  sql: Query;
  close(): Promise<void>;
}

export async function openLane(postgres: NativePostgres): Promise<Lane> {
  const address = await postgres.createDatabase();
  const session = openPostgres(address);
  await session.transaction((query) => query(supabaseRoles));
  await applyMigrations(session, await readMigrations(join(import.meta.dirname, "../../schemas/sql")));
  const served = openServiceSession(address, 4);
  const server = await serveRpc(served, secretKey, { isServiceRole: true });
  return {
    url: server.url,
    empty: async () => {
      await emptyLedger(session, { url: server.url });
    },
    rows: await keptLedger(session),
    sql: (statement, parameters) => session.transaction((query) => query(statement, parameters)),
    close: async () => {
      await server.close();
      await served.close();
      await session.close();
    },
  };
}

/** Modules are compiled once for all the processes of a run: a start costs half as much. */
export function compiledOnce({ root }: Pick<TestWorkspace, "root">): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: join(root, ".clara/compiled") };
}
