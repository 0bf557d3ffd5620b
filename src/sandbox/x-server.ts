import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../ports.ts";
import { connectInProcess } from "./in-process.ts";
import { sleepUntil } from "./sleep-until.ts";
import { sandboxAccount, type XSandboxAccount, type XSandboxAccounts } from "./x-accounts.ts";
import { type Authorisations, openAuthorisations, type XGrant, type XSandboxApp } from "./x-authorisations.ts";
import { deliver } from "./x-deliver.ts";
import type { Fault, FaultRequest } from "./x-faults.ts";
import { signatureChecker } from "./x-oauth.ts";
import { countRequest } from "./x-rates.ts";
import { problem, tooManyRequests, unauthorized, type XReply } from "./x-reply.ts";
import type { XRequest } from "./x-request.ts";
import { findRoute, type XRoute } from "./x-routes.ts";
import { listPosts, openXDatabase, type StoredPost } from "./x-store.ts";

export interface XSandboxOptions {
  /** SQLite file that keeps posts beyond the process and shares them among processes; memory when missing. */
  stateFile?: string;
  clock: Clock;
  /** @default every token that `sandboxCredentials` makes */
  accounts?: XSandboxAccounts;
  /** The app that accounts can be asked to give access to; without one nobody can ask. */
  app?: XSandboxApp;
  /** @default 0, any free port */
  port?: number;
  faults?: (request: FaultRequest) => Fault | undefined;
  /** How long the same text of the same account is refused; X does not say. @default 12 hours */
  duplicateWindowSeconds?: number;
  /** Told of everything that X did, whether its answer arrives or not. */
  onAnswer?: (done: XDone) => void;
  /** From the arrival of a request to its answer; a post is public before. @default 0 */
  latencyMs?: number;
}

/** One request that X has carried out. */
export interface XDone {
  method: string;
  path: string;
  account: string;
  reply: XReply;
}

export interface XSandbox {
  /** Pass it to `openXAccount` as `apiUrl`. */
  url: string;
  /** What is public, newest first, whether it shows on the timeline yet or not. */
  posts(xUserId?: string): StoredPost[];
  /** How often an endpoint was asked for, for example `requests("POST", "/2/tweets")`. */
  requests(method: string, path: string): number;
  /** What a person does in a browser with the link that asks for access: says yes. Answers with the PIN. */
  authorise(link: string, grant: XGrant): string;
  /** A connection that needs no socket. */
  connect(): Duplex;
  close(): Promise<void>;
}

/** Starts the stand-in for https://api.x.com on loopback. A post is committed before its answer is written. */
export async function startXSandbox(options: XSandboxOptions): Promise<XSandbox> {
  const database = openXDatabase(options.stateFile);
  const counts = new Map<string, number>();
  const authorisations = openAuthorisations(options.app);
  const accounts = options.accounts ?? sandboxAccount;
  const authenticate = signatureChecker((token) => authorisations.account(token) ?? accounts(token));
  const server = createServer((incoming, response) => {
    const answerAtMs = performance.now() + (options.latencyMs ?? 0);
    const exchange = readExchange(incoming, counts);
    void exchange
      .then((read) => serve({ ...read, answerAtMs, response, authenticate, authorisations, database, options }))
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    posts: (xUserId) => listPosts(database, xUserId),
    requests: (method, path) => counts.get(`${method} ${path}`) ?? 0,
    authorise: authorisations.authorise,
    connect: () => connectInProcess(server),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      if (database.isOpen) database.close();
    },
  };
}

interface Exchange {
  method: string;
  target: string;
  path: string;
  authorization: string | undefined;
  contentType: string;
  body: Buffer;
  count: number;
}

async function readExchange(incoming: IncomingMessage, counts: Map<string, number>): Promise<Exchange> {
  const { method = "GET", url: target = "/", headers } = incoming;
  const path = target.split("?")[0] ?? "/";
  const count = (counts.get(`${method} ${path}`) ?? 0) + 1;
  counts.set(`${method} ${path}`, count);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { authorization, "content-type": contentType = "" } = headers;
  return { method, target, path, authorization, contentType, body: Buffer.concat(chunks), count };
}

interface Service extends Exchange {
  answerAtMs: number;
  response: ServerResponse;
  authenticate: ReturnType<typeof signatureChecker>;
  authorisations: Authorisations;
  database: XRequest["database"];
  options: XSandboxOptions;
}

async function serve(service: Service): Promise<void> {
  const { method, path, count, response } = service;
  const account = service.authenticate(service);
  const route = findRoute(method, path);
  const about = { method, path, count, ...(account && { account: account.xUserId }) };
  const fault = service.options.faults?.(about);
  const isUntouched = fault?.kind === "reset" || ((fault?.kind === "hang" || fault?.kind === "answer") && !fault.done);
  const reply = isUntouched ? notReached : await perform(service, { account, route, fault });
  await sleepUntil(service.answerAtMs);
  await deliver(response, reply, fault);
}

/** What the fault says is answered in its place. */
const notReached: XReply = { status: 500, body: "" };

async function perform(
  service: Service,
  {
    account,
    route,
    fault,
  }: { account: XSandboxAccount | undefined; route: XRoute | undefined; fault: Fault | undefined },
): Promise<XReply> {
  const form = service.contentType.startsWith("application/x-www-form-urlencoded") && service.body.toString();
  const authorised = service.authorisations.answer({ ...service, ...(form !== false && { form }) });
  if (authorised !== undefined) return authorised;
  if (account === undefined) return unauthorized;
  if (route === undefined) return problem(404, "Not Found", "Not Found");
  const { database, options, body, contentType, target } = service;
  const now = options.clock();
  const { rate, name } = route;
  const { xUserId, appKey } = account;
  const counted = countRequest(database, { route: name, rate, xUserId, appKey, now });
  if (!counted.allowed) return { ...tooManyRequests, headers: counted.headers };
  const reply = await route.answer({
    account: fault?.kind === "wrong-account" ? { ...account, ...fault } : account,
    id: route.id,
    query: new URL(target, "https://api.x.com").searchParams,
    contentType,
    body,
    now,
    database,
    lagSeconds: fault?.kind === "lag" ? fault.seconds : 0,
    duplicateWindowSeconds: options.duplicateWindowSeconds ?? 43_200,
  });
  options.onAnswer?.({ method: service.method, path: service.path, account: xUserId, reply });
  const access = { "x-access-level": account.access ?? "read-write" };
  return { ...reply, headers: { ...access, ...counted.headers, ...reply.headers } };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
  return (server.address() as AddressInfo).port;
}
