import { spawn, spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openResp, type Reply, type RespClient } from "./resp.ts";

export interface RedisHttp {
  url: string;
  token: string;
  /** What each HTTP request carried, in order. */
  requests: { path: string; commands: readonly (readonly string[])[] }[];
  close(): Promise<void>;
}

export const hasRedisServer = spawnSync("redis-server", ["--version"]).error === undefined;

/** A real redis-server without persistence behind Upstash's REST protocol on loopback. */
export async function openRedisHttp(): Promise<RedisHttp> {
  const { redis, stop } = await startRedis();
  const token = randomUUID();
  const requests: RedisHttp["requests"] = [];
  const shas = new Map<string, string>();

  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${token}`) return reply(401, { error: "Unauthorized" });
    return answer(request).then(
      ({ status, body }) => reply(status, body),
      (error: unknown) => reply(400, { error: `ERR failed to parse command: ${error}` }),
    );
  });

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const path = request.url ?? "/";
    const sent = JSON.parse(await text(request));
    const commands: string[][] = (path === "/" ? [sent] : sent).map((command: unknown[]) => command.map(String));
    requests.push({ path, commands });
    const encode = request.headers["upstash-encoding"] === "base64" ? toBase64 : (result: Reply) => result;
    const asBody = (reply: Reply) => (reply instanceof Error ? { error: reply.message } : { result: encode(reply) });
    const plain = commands.map((command) => withPlainScript(command, shas));
    if (path === "/multi-exec") {
      const replies = await Promise.all([["MULTI"], ...plain, ["EXEC"]].map((command) => redis.send(command)));
      const results = replies.at(-1);
      if (!Array.isArray(results)) return { status: 400, body: asBody(results ?? new Error("ERR no answer")) };
      return { status: 200, body: results.map(asBody) };
    }
    const bodies = (await Promise.all(plain.map((command) => redis.send(command)))).map(asBody);
    if (path === "/pipeline") return { status: 200, body: bodies };
    return { status: bodies[0] !== undefined && "error" in bodies[0] ? 400 : 200, body: bodies[0] };
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await stop();
  };
  return { url: `http://127.0.0.1:${port}`, token, requests, close };
}

/** A socket file instead of a port: nothing else can take it between choosing and listening. */
async function startRedis(): Promise<{ redis: RespClient; stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "clara-redis-"));
  const socket = join(directory, "redis.sock");
  const settings = ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", directory];
  const child = spawn("redis-server", settings, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const chunk of child.stdout) if (String(chunk).includes("accept connections")) break;
  const redis = await openResp(socket);
  const stop = async () => {
    redis.close();
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.kill();
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  return { redis, stop };
}

/**
 * Scripts for Upstash begin with a line of flags that only Upstash knows. Redis gets the script without it, under another
 * SHA, so the SHA that the client computed is translated.
 */
function withPlainScript(command: readonly string[], shas: Map<string, string>): readonly string[] {
  const [name = "", script = "", ...rest] = command;
  if (name.toLowerCase() === "evalsha") return [name, shas.get(script) ?? script, ...rest];
  if (name.toLowerCase() !== "eval") return command;
  const plain = script.replace(/^#!lua flags=.*\n/, "\n");
  shas.set(sha1(script), sha1(plain));
  return [name, plain, ...rest];
}

const sha1 = (script: string) => createHash("sha1").update(script).digest("hex");

function toBase64(reply: Reply): Reply {
  if (Array.isArray(reply)) return reply.map(toBase64);
  return typeof reply === "string" && reply !== "OK" ? Buffer.from(reply).toString("base64") : reply;
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
