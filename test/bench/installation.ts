import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { modelBuckets, sendBuckets } from "../../src/gate/limits.ts";
import { supabaseRoles } from "../../src/sandbox/pglite.ts";
import { applyMigrations, type Query, readMigrations } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { openUpstashLimiter } from "../../src/vendors/upstash.ts";
import { startPostgres } from "../support/postgres.ts";
import { appKeys, createWorkspace, type TestClient } from "../support/workspace.ts";
import { pastWeek } from "./past-week.ts";
import type { Counts, Serving } from "./server.ts";

/** The instant of every run: each client's slot came due four minutes ago. */
export const now = new Date("2026-11-21T09:04:00Z");

/** Clients on disk, and a native Postgres for one ledger after the other. */
export interface Installation {
  clients: readonly TestClient[];
  root: string;
  /** Fresh services, each in a process of its own: a ledger with a week of posts behind it, Upstash, X, the model. */
  open(latency: Latency): Promise<OpenServices>;
  close(): Promise<void>;
}

export interface Latency {
  modelMs: number;
  xMs: number;
}

export interface OpenServices {
  environment: Readonly<Record<string, string>>;
  /** What the services were asked for so far. */
  counts(): Promise<Required<Counts>>;
  databaseUrl: string;
  /** Looks into the ledger. */
  sql: Query;
  close(): Promise<void>;
}

const secretKey = "sb_secret_only_for_the_bench";

/** So many clients that each owe one slot; their credentials are sealed, and known to the ledger. */
export async function openInstallation(clientCount: number): Promise<Installation> {
  const [postgres, workspace] = await Promise.all([startPostgres(), createWorkspace()]);
  const schedule = { days: "daily", times: ["09:00"], late: { within: "12h" }, min_gap: "1m" };
  const clients: TestClient[] = [];
  for (let number = 1; number <= clientCount; number += 1)
    clients.push(await workspace.addClient(`client-${number}`, { schedule }));
  await workspace.editClient("_defaults", {
    // Far above what is measured: the latency is to be the only thing that a slot waits for.
    global: {
      posts_per_day: 50_000,
      completions_per_day: 200_000,
      usd_per_month: 50_000,
      model_requests_per_second: 1000,
    },
  });
  return {
    clients,
    root: workspace.root,
    open: async (latency) => {
      const databaseUrl = await postgres.createDatabase();
      return openServices({ databaseUrl, clients, identity: workspace.identity, latency });
    },
    close: async () => {
      await workspace.remove();
      await postgres.stop();
    },
  };
}

async function openServices(input: {
  databaseUrl: string;
  clients: readonly TestClient[];
  identity: string;
  latency: Latency;
}): Promise<OpenServices> {
  const { databaseUrl, clients, identity, latency } = input;
  const session = openPostgres(databaseUrl);
  await session.transaction((query) => query(supabaseRoles));
  await applyMigrations(session, await readMigrations(join(import.meta.dirname, "../../schemas/sql")));
  await session.transaction((query) => pastWeek(query, clients, now));
  const clockOffsetMs = now.getTime() - Date.now();
  const servers = await Promise.all([
    startServer({ kind: "ledger", databaseUrl, secretKey, connections: 16 }),
    startServer({ kind: "limiter" }),
    startServer({ kind: "outside", clients, clockOffsetMs, ...latency }),
  ]);
  const urls = Object.assign({}, ...servers.map((server) => server.urls)) as Record<string, string>;
  await knowScripts(urls);
  return {
    environment: {
      OPENAI_API_KEY: "bench-openai-key",
      OPENAI_BASE_URL: urls.model ?? "",
      UPSTASH_REDIS_REST_URL: urls.limiter ?? "",
      UPSTASH_REDIS_REST_TOKEN: urls.token ?? "",
      SUPABASE_URL: urls.ledger ?? "",
      SUPABASE_SECRET_KEY: secretKey,
      X_APP_KEY: appKeys.appKey,
      X_APP_SECRET: appKeys.appSecret,
      X_API_URL: urls.x ?? "",
      CLARA_IDENTITY: identity,
      ...commandOptions,
    },
    counts: async () => Object.assign({}, ...(await Promise.all(servers.map((server) => server.read())))),
    databaseUrl,
    sql: (sql, parameters) => session.transaction((query) => query(sql, parameters)),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await session.close();
    },
  };
}

/** Redis at work knows the limiter's script from earlier ticks. Buckets of their own: no token is missing at the start. */
async function knowScripts({ limiter = "", token = "" }: Readonly<Record<string, string>>): Promise<void> {
  const buckets = [...modelBuckets("0"), ...sendBuckets("0", "0")].map((bucket) => ({
    ...bucket,
    key: `earlier:${bucket.key}`,
  }));
  await openUpstashLimiter({ url: limiter, token }).take(buckets, now);
}

async function startServer(serving: Serving) {
  const child = fork(join(import.meta.dirname, "server.ts"), { execArgv: serverFlags });
  child.send(serving);
  const [urls] = (await once(child, "message")) as [Readonly<Record<string, string>>];
  return {
    urls,
    read: async () => {
      child.send("read");
      const [counts] = (await once(child, "message")) as [Counts];
      return counts;
    },
    close: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

/** For a look into what takes the time: BENCH_COMMAND_OPTIONS="--cpu-prof", and the same for the services. */
const { BENCH_COMMAND_OPTIONS, BENCH_SERVICE_OPTIONS } = process.env;
const commandOptions = BENCH_COMMAND_OPTIONS === undefined ? {} : { NODE_OPTIONS: BENCH_COMMAND_OPTIONS };
const serverFlags = BENCH_SERVICE_OPTIONS?.split(" ") ?? [];
