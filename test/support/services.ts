import { join } from "node:path";
import type { ModelFaults } from "../../src/sandbox/model-faults.ts";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { supabaseRoles } from "../../src/sandbox/pglite.ts";
import type { Fault, FaultRequest } from "../../src/sandbox/x-faults.ts";
import { startXSandbox, type XSandbox } from "../../src/sandbox/x-server.ts";
import { applyMigrations, type Query, readMigrations } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { type NativePostgres, type RpcServer, serveRpc } from "./postgres.ts";
import { openRedisHttp, type RedisHttp } from "./redis-http.ts";
import { openServiceSession } from "./service-session.ts";
import { appKeys, type TestClient, type TestWorkspace } from "./workspace.ts";

const secretKey = "sb_secret_only_for_tests";

/** Every outside service on loopback, spoken to by the real SDKs through the variables that a user would set. */
export interface TestServices {
  environment: Readonly<Record<string, string>>;
  x: XSandbox;
  model: Awaited<ReturnType<typeof startModelSandbox>>;
  ledger: RpcServer;
  redis: RedisHttp;
  /** Looks into the ledger. */
  sql: Query;
  /** Set to make X fail. */
  faults: { x?: (request: FaultRequest) => Fault | undefined; model?: ModelFaults };
  close(): Promise<void>;
}

export async function startServices(input: {
  postgres: NativePostgres;
  workspace: TestWorkspace;
  clients: readonly TestClient[];
  /** The clock of X: the same as `--now` of the runs. */
  clock: () => Date;
}): Promise<TestServices> {
  const { postgres, workspace, clients, clock } = input;
  const faults: TestServices["faults"] = {};
  const address = await postgres.createDatabase();
  const session = openPostgres(address, { connections: 2 });
  await session.transaction((query) => query(supabaseRoles));
  await applyMigrations(session, await readMigrations(join(import.meta.dirname, "../../schemas/sql")));
  const served = openServiceSession(address, 10);
  const ledger = await serveRpc(served, secretKey, { isServiceRole: true });
  const redis = await openRedisHttp();
  const byToken = new Map(clients.map((client) => [client.accessToken, { ...client, ...(client.ownApp ?? appKeys) }]));
  const x = await startXSandbox({
    clock,
    accounts: (token) => byToken.get(token),
    faults: (request) => faults.x?.(request),
  });
  const model = await startModelSandbox({ faults: (call) => faults.model?.(call) });
  return {
    environment: {
      OPENAI_API_KEY: "test-openai-key",
      OPENAI_BASE_URL: model.url,
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      SUPABASE_URL: ledger.url,
      SUPABASE_SECRET_KEY: secretKey,
      X_APP_KEY: appKeys.appKey,
      X_APP_SECRET: appKeys.appSecret,
      X_API_URL: x.url,
      CLARA_IDENTITY: workspace.identity,
    },
    x,
    model,
    ledger,
    redis,
    sql: (sql, parameters) => session.transaction((query) => query(sql, parameters)),
    faults,
    close: async () => {
      for (const server of [x, model, ledger, redis, served, session]) await server.close();
    },
  };
}
