import { once } from "node:events";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import { startXSandbox } from "../../src/sandbox/x-server.ts";
import { distinctText } from "../support/crash-answers.ts";
import { type CallSpan, serveRpc } from "../support/postgres.ts";
import { openRedisHttp } from "../support/redis-http.ts";
import { openServiceSession } from "../support/service-session.ts";
import { appKeys, type TestClient } from "../support/workspace.ts";

/** What one process serves. Each service has its own, as it has outside. */
export type Serving =
  | { kind: "ledger"; databaseUrl: string; secretKey: string; connections: number }
  | { kind: "limiter" }
  | { kind: "outside"; clients: readonly TestClient[]; clockOffsetMs: number; modelMs: number; xMs: number };

/** Where it is to be found, and in answer to every message what it was asked for so far. */
export interface Counts {
  ledgerCalls?: Readonly<Record<string, number>>;
  reserved?: CallSpan | undefined;
  closed?: CallSpan | undefined;
  limiterRequests?: number;
  completions?: number;
  /** X user ids of the posts, one for each. */
  posts?: readonly string[];
  sends?: number;
}

interface Served {
  urls: Readonly<Record<string, string>>;
  read(): Counts;
  close(): Promise<void>;
}

const servers: { [K in Serving["kind"]]: (serving: Extract<Serving, { kind: K }>) => Promise<Served> } = {
  ledger: async ({ databaseUrl, secretKey, connections }) => {
    const session = openServiceSession(databaseUrl, connections);
    const { url, calls, span, close } = await serveRpc(session, secretKey, { isServiceRole: true });
    const closeBoth = async () => {
      await close();
      await session.close();
    };
    const read = () => ({
      ledgerCalls: countByName(calls()),
      reserved: span("reserve_slots"),
      closed: span("close_tick"),
    });
    return { urls: { ledger: url }, read, close: closeBoth };
  },
  limiter: async () => {
    const { url, token, requests, close } = await openRedisHttp();
    return { urls: { limiter: url, token }, read: () => ({ limiterRequests: requests.length }), close };
  },
  outside: async ({ clients, clockOffsetMs, modelMs, xMs }) => {
    const byToken = new Map(clients.map((client) => [client.accessToken, { ...client, ...appKeys }]));
    const clock = () => new Date(Date.now() + clockOffsetMs);
    const x = await startXSandbox({ clock, accounts: (token) => byToken.get(token), latencyMs: xMs });
    let completions = 0;
    const model = await startModelSandbox({
      latencyMs: modelMs,
      faults: ({ path }) => {
        if (path !== "/v1/chat/completions") return undefined;
        completions += 1;
        return { kind: "texts", texts: [0, 1, 2].map((index) => distinctText(completions * 3 + index)) };
      },
    });
    const read = () => ({
      completions,
      posts: x.posts().map(({ xUserId }) => xUserId),
      sends: x.requests("POST", "/2/tweets"),
    });
    const close = async () => {
      await x.close();
      await model.close();
    };
    return { urls: { x: x.url, model: model.url }, read, close };
  },
};

function countByName(names: readonly string[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...groups].map(([name, calls]) => [name, calls.length]));
}

function start(serving: Serving): Promise<Served> {
  switch (serving.kind) {
    case "ledger":
      return servers.ledger(serving);
    case "limiter":
      return servers.limiter(serving);
    case "outside":
      return servers.outside(serving);
  }
}

const [serving] = (await once(process, "message")) as [Serving];
const served = await start(serving);
process.on("message", () => process.send?.(served.read()));
process.once("disconnect", () => void served.close());
process.send?.(served.urls);
