import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A loopback server in front of a service, at which every request waits until it is let go. */
export interface HeldService {
  /** The address of the service, with this server in its place. */
  url: string;
  /** How many requests have come. */
  asked(): number;
  /** From now on everything passes, what waits included. */
  letGo(): void;
  close(): Promise<void>;
}

export async function holdBack(service: string): Promise<HeldService> {
  const { promise: isFree, resolve: letGo } = Promise.withResolvers<void>();
  const { origin, pathname } = new URL(service);
  let asked = 0;
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    asked += 1;
    await isFree;
    const { method = "POST", url, headers } = request;
    const { authorization = "", "content-type": type = "application/json" } = headers;
    const answer = await fetch(`${origin}${url}`, { method, headers: { authorization, "content-type": type }, body });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    response.end(await answer.text());
  };
  const server = createServer((request, response) => {
    void pass(request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    asked: () => asked,
    letGo,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
