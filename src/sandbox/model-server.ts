import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connectInProcess } from "./in-process.ts";
import { type ChatRequest, chatCompletion, isReasoningModel } from "./model-answer.ts";
import { type ModelCall, type ModelFault, type ModelFaults, modelErrors } from "./model-faults.ts";
import { sleepUntil } from "./sleep-until.ts";

export interface ModelSandbox {
  /** Base URL for the openai SDK, ending in `/v1`. */
  url: string;
  /** Requests answered or left hanging so far. */
  requests(): number;
  /** A connection that needs no socket. */
  connect(): Duplex;
  close(): Promise<void>;
}

type ErrorFault = Extract<ModelFault, { kind: "error" }>;

const paths: readonly ModelCall["path"][] = ["/v1/chat/completions", "/v1/moderations", "/v1/models"];
const models = ["gpt-5-mini", "gpt-5-nano", "gpt-4.1-mini"];
const maxBodyBytes = 1_000_000;

/** A stand-in for OpenAI on loopback: the same HTTP API, texts from a seeded grammar, and faults on request. */
export async function startModelSandbox({
  port = 0,
  faults = () => undefined,
  latencyMs = 0,
}: {
  port?: number;
  faults?: ModelFaults;
  /** From the arrival of a completion's request to its answer. */
  latencyMs?: number;
} = {}): Promise<ModelSandbox> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    answer(request, response, { count, faults, answerAtMs: performance.now() + latencyMs }).catch(() =>
      response.destroy(),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const actualPort = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${actualPort}/v1`,
    requests: () => count,
    connect: () => connectInProcess(server),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Serving {
  count: number;
  faults: ModelFaults;
  answerAtMs: number;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { count, faults, answerAtMs }: Serving,
): Promise<void> {
  const path = paths.find((known) => known === request.url);
  const body = await readJson(request);
  if (path === undefined)
    return sendError(response, invalid(404, "unknown_url", `Unknown request URL: ${request.url}`));
  const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (key === undefined) return sendError(response, modelErrors.unauthorised);
  const model = typeof body?.model === "string" ? body.model : "";
  const fault = faults({ count, path, model, key });
  if (path === "/v1/chat/completions") await sleepUntil(answerAtMs);
  if (fault?.kind === "slow") await sleep(fault.ms);
  if (fault?.kind === "error") return sendError(response, fault);
  if (transportFault(response, fault)) return;
  if (path === "/v1/models") return sendJson(response, 200, modelList());
  if (path === "/v1/moderations") return sendJson(response, 200, moderation(body, count, fault));
  const problem = requestProblem(body, fault);
  if (problem !== undefined) return sendError(response, problem);
  sendJson(response, 200, chatCompletion(body as unknown as ChatRequest, count, fault));
}

/** Faults below the API's own answers. True when the response is dealt with. */
function transportFault(response: ServerResponse, fault: ModelFault | undefined): boolean {
  switch (fault?.kind) {
    case "hang":
      return true;
    case "reset":
      response.destroy();
      return true;
    case "cut-body":
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"id":"chatcmpl-1","choices":[', () => response.destroy());
      return true;
    case "not-json":
      response.writeHead(200, { "content-type": "application/json" });
      response.end("<html>Bad gateway</html>");
      return true;
    default:
      return false;
  }
}

/** What OpenAI refuses about a chat request, in its words. */
function requestProblem(
  body: Record<string, unknown> | undefined,
  fault: ModelFault | undefined,
): ErrorFault | undefined {
  if (typeof body?.model !== "string")
    return invalid(400, "missing_required_parameter", "you must provide a model parameter");
  if (!isMessages(body.messages)) return invalid(400, "invalid_type", "Invalid type for 'messages'.");
  if (isReasoningModel(body.model) && body.max_tokens !== undefined) {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    return { ...invalid(400, "unsupported_parameter", message), param: "max_tokens" };
  }
  if (isReasoningModel(body.model) && (body.temperature ?? 1) !== 1) {
    const message = "Unsupported value: 'temperature' does not support this value with this model.";
    return { ...invalid(400, "unsupported_value", message), param: "temperature" };
  }
  const format = (body.response_format as { type?: unknown } | undefined)?.type;
  if (fault?.kind === "no-format" && fault.refuses.some((refused) => refused === format)) {
    return invalid(400, "invalid_value", `response_format of type '${String(format)}' is not supported.`);
  }
  return undefined;
}

function isMessages(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((message) => typeof message?.content === "string" && message.role)
  );
}

function moderation(body: Record<string, unknown> | undefined, count: number, fault: ModelFault | undefined): object {
  const input = Array.isArray(body?.input) ? body.input : [body?.input];
  const flagged = fault?.kind === "flagged";
  const results = input.map(() => ({
    flagged,
    categories: { hate: flagged },
    category_scores: { hate: flagged ? 0.97 : 0.001 },
  }));
  return { id: `modr-${count}`, model: "omni-moderation-latest", results };
}

function modelList(): object {
  return {
    object: "list",
    data: models.map((id) => ({ id, object: "model", created: 1_735_689_600, owned_by: "sandbox" })),
  };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read to the end all the same: a client that is still sending would see a reset instead of the answer.
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function invalid(status: number, code: string, message: string): ErrorFault {
  return { kind: "error", status, code, type: "invalid_request_error", message };
}

function sendError(response: ServerResponse, fault: ErrorFault): void {
  const { status, message = "The request failed.", type = "server_error", param = null, code = null } = fault;
  if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
  sendJson(response, status, { error: { message, type, param, code } });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
