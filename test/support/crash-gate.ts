import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

/** before: the service never sees the request. done: it did what was asked, and its answer is kept back. */
export type Phase = "before" | "done" | "answered";
export const phases: readonly Phase[] = ["before", "done", "answered"];

/** One request of a tick, with its number among those of the same name: `arm_slot 1`. */
export interface Boundary {
  step: string;
  phase: Phase;
}

/** The way of one process to its services: it notes every request, and can end the process at one of them. */
export interface Passage {
  /** Requests seen since `free`, in order. */
  steps(): readonly string[];
  /** Ends the process at a boundary. From then on nothing passes: what a dead process had on its way is dropped. */
  stopAt(boundary: Boundary, kill: () => Promise<void>): void;
  /** Whether the process was ended at its boundary. */
  stopped(): boolean;
  /** The body of the request at which the process was ended. */
  heldBack(): Buffer;
  /** Lets everything pass, and forgets what was seen. */
  free(): void;
  /** A loopback server in front of a service, closed by `close`. */
  gate(url: string, nameOf: (request: IncomingMessage) => string): Promise<string>;
  close(): Promise<void>;
}

export function openPassage(): Passage {
  let steps: string[] = [];
  let stop: { boundary: Boundary; kill: () => Promise<void> } | undefined;
  let isStopped = false;
  let held: Buffer = Buffer.alloc(0);
  const closers: (() => Promise<void>)[] = [];
  const arrive = (name: string) => {
    const step = `${name} ${steps.filter((seen) => seen.replace(/ \d+$/, "") === name).length + 1}`;
    if (!isStopped) steps.push(step);
    return step;
  };
  const isStop = (step: string) => stop?.boundary.step === step;
  /** True when this request, or its answer, must not go on. */
  const ends = async (step: string, phase: Phase, body: Buffer) => {
    if (isStopped) return true;
    if (!isStop(step) || stop?.boundary.phase !== phase) return false;
    isStopped = true;
    held = body;
    await stop.kill();
    return true;
  };
  return {
    steps: () => steps,
    stopAt: (boundary, kill) => {
      stop = { boundary, kill };
    },
    stopped: () => isStopped,
    heldBack: () => held,
    free: () => {
      steps = [];
      stop = undefined;
      isStopped = false;
    },
    gate: async (url, nameOf) => {
      const server = createServer((request, response) => {
        const step = arrive(nameOf(request));
        const passing = { request, response, url, step, ends, isWhole: () => isStop(step) };
        void pass(passing).catch(() => response.destroy());
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      closers.push(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    close: async () => {
      for (const close of closers) await close();
    },
  };
}

interface Passing {
  request: IncomingMessage;
  response: ServerResponse;
  url: string;
  step: string;
  ends(step: string, phase: Phase, body: Buffer): Promise<boolean>;
  /** Whether the answer must be there as a whole before any of it goes on. */
  isWhole(): boolean;
}

async function pass({ request, response, url, step, ends, isWhole }: Passing): Promise<void> {
  const body = await buffer(request);
  if (await ends(step, "before", body)) {
    response.destroy();
    return;
  }
  const answer = await forward(url, { request, response, body });
  const whole = answer !== undefined && isWhole() ? await read(answer) : undefined;
  if ((await ends(step, "done", body)) || answer === undefined) {
    response.socket?.resetAndDestroy();
    await ends(step, "answered", body);
    return;
  }
  const { connection, "keep-alive": keepAlive, "transfer-encoding": encoding, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  if (whole === undefined) {
    await pipeline(answer, response);
    return;
  }
  // Behind the write and before anything that it sets off: the process has its answer and can do nothing more with it.
  response.write(whole.bytes, () => {
    if (whole.isCut) response.destroy();
    else response.end();
    void ends(step, "answered", body);
  });
}

/** The bytes of an answer, and whether its connection ended inside the body. */
async function read(answer: IncomingMessage): Promise<{ bytes: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), isCut: false };
  } catch {
    return { bytes: Buffer.concat(chunks), isCut: true };
  }
}

/** New connections only: an idle one that the service closes at the same moment would look like a lost answer. */
const agent = new Agent({ keepAlive: false });

/** The service's answer from its first byte on; undefined when there was none. */
async function forward(
  url: string,
  { request, response, body }: Pick<Passing, "request" | "response"> & { body: Buffer },
): Promise<IncomingMessage | undefined> {
  const { hostname, port } = new URL(url);
  const { connection: _, "transfer-encoding": __, ...headers } = request.headers;
  const options = { agent, hostname, port, method: request.method, path: request.url, headers };
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | undefined>();
  const sent = openRequest(options, resolve);
  sent.on("error", () => resolve(undefined));
  // Who waits no longer leaves nobody waiting.
  response.once("close", () => sent.destroy());
  sent.end(body);
  return promise;
}
