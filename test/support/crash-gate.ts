import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

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
  const closers: (() => Promise<void>)[] = [];
  const arrive = (name: string) => {
    const step = `${name} ${steps.filter((seen) => seen.replace(/ \d+$/, "") === name).length + 1}`;
    if (!isStopped) steps.push(step);
    return step;
  };
  /** True when this request, or its answer, must not go on. */
  const ends = async (step: string, phase: Phase) => {
    if (isStopped) return true;
    if (stop?.boundary.step !== step || stop.boundary.phase !== phase) return false;
    isStopped = true;
    await stop.kill();
    return true;
  };
  return {
    steps: () => steps,
    stopAt: (boundary, kill) => {
      stop = { boundary, kill };
    },
    stopped: () => isStopped,
    free: () => {
      steps = [];
      stop = undefined;
      isStopped = false;
    },
    gate: async (url, nameOf) => {
      const server = createServer((request, response) => {
        void pass({ request, response, url, step: arrive(nameOf(request)), ends }).catch(() => response.destroy());
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
  ends(step: string, phase: Phase): Promise<boolean>;
}

async function pass({ request, response, url, step, ends }: Passing): Promise<void> {
  const body = await buffer(request);
  if (await ends(step, "before")) {
    response.destroy();
    return;
  }
  const answer = await forward(url, request, body);
  if ((await ends(step, "done")) || answer === undefined) {
    response.socket?.resetAndDestroy();
    await ends(step, "answered");
    return;
  }
  response.writeHead(answer.status, answer.headers);
  // Behind the write and before anything that it sets off: the process has its answer and can do nothing more with it.
  response.write(answer.body, () => {
    if (answer.isCut) response.destroy();
    else response.end();
    void ends(step, "answered");
  });
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
  /** The connection ended inside the body. */
  isCut: boolean;
}

/** New connections only: an idle one that the service closes at the same moment would look like a lost answer. */
const agent = new Agent({ keepAlive: false });

/** Undefined when the service ended the connection without a byte. */
async function forward(url: string, from: IncomingMessage, body: Buffer): Promise<Answer | undefined> {
  const { hostname, port } = new URL(url);
  const { connection: _, "transfer-encoding": __, ...headers } = from.headers;
  const options = { agent, hostname, port, method: from.method, path: from.url, headers };
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const sent = openRequest(options, async (answer) => {
    const chunks: Buffer[] = [];
    let isCut = false;
    try {
      for await (const chunk of answer) chunks.push(chunk);
    } catch {
      isCut = true;
    }
    const { connection, "keep-alive": keepAlive, "transfer-encoding": encoding, ...kept } = answer.headers;
    resolve({ status: answer.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks), isCut });
  });
  sent.on("error", () => resolve(undefined));
  sent.end(body);
  return promise;
}
