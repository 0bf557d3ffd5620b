import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./x-faults.ts";
import type { XReply } from "./x-reply.ts";

/** Sends the reply, or does to the connection what the fault says. */
export async function deliver(response: ServerResponse, reply: XReply, fault: Fault | undefined): Promise<void> {
  switch (fault?.kind) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "lost-answer":
      response.socket?.destroy();
      return;
    case "hang":
      return;
    case "answer":
      response.end(writeHead(response, { ...fault, headers: { ...reply.headers, ...fault.headers } }));
      return;
    case "cut-body": {
      const body = writeHead(response, reply);
      response.write(body.subarray(0, fault.afterBytes), () => response.socket?.destroy());
      return;
    }
    case "drip":
      await drip(response, writeHead(response, reply), fault.everyMs);
      return;
    default:
      response.end(writeHead(response, reply));
  }
}

/** Writes status and headers; returns the body that they announce. */
function writeHead(response: ServerResponse, reply: XReply): Buffer {
  const body = Buffer.from(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
  response.writeHead(reply.status, {
    "content-type": `${reply.contentType ?? "application/json"}; charset=utf-8`,
    "content-length": body.length,
    ...reply.headers,
  });
  return body;
}

async function drip(response: ServerResponse, body: Buffer, everyMs: number): Promise<void> {
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(everyMs);
  }
  response.end();
}
