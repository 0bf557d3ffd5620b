import { request as openRequest, type Server } from "node:http";
import { type Duplex, duplexPair, Readable } from "node:stream";

/**
 * A connection to a server of this process without a socket: both ends speak real HTTP, and nothing waits for the
 * operating system, so that the order of events is the same in every run.
 */
export function connectInProcess(server: Server): Duplex {
  const [near, far] = duplexPair();
  endTogether(near, far);
  endTogether(far, near);
  // What the sandbox asks of a socket when it breaks a connection off.
  server.emit("connection", Object.assign(far, { resetAndDestroy: () => far.destroy() }));
  return near;
}

/** Like a socket, an end that is gone shows at the other one as a reset, behind what it had written. */
function endTogether(end: Duplex, other: Duplex): void {
  const reset = () => {
    if (other.destroyed || other.readableEnded) return;
    other.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }));
  };
  end.once("close", () => setImmediate(reset));
  // Whoever uses the end hears of the error too; nobody else has to.
  end.on("error", () => {});
}

/** `fetch` over such connections, for SDKs that take one. */
export function fetchInProcess(connect: () => Duplex): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const sent = openRequest(
      {
        createConnection: connect,
        method: request.method,
        path: pathname + search,
        headers: { ...Object.fromEntries(request.headers), "content-length": body.length },
      },
      (answer) => {
        const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const stream = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
        resolve(new Response(stream, { status: answer.statusCode ?? 502, headers }));
      },
    );
    sent.on("error", (cause) => reject(new TypeError("fetch failed", { cause })));
    sent.end(body);
    return promise;
  };
}
