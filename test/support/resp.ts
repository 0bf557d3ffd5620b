import { once } from "node:events";
import { connect } from "node:net";

export type Reply = string | number | null | Error | Reply[];

export interface RespClient {
  send(command: readonly string[]): Promise<Reply>;
  close(): void;
}

/** Redis' own protocol over a socket file: enough of it for tests. Replies come in the order of the commands. */
export async function openResp(path: string): Promise<RespClient> {
  const socket = connect(path);
  await once(socket, "connect");
  const waiting: ((reply: Reply) => void)[] = [];
  let buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (let read = readReply(buffer, 0); read !== undefined; read = readReply(buffer, 0)) {
      buffer = buffer.subarray(read.end);
      waiting.shift()?.(read.reply);
    }
  });
  return {
    send(command) {
      const { promise, resolve } = Promise.withResolvers<Reply>();
      waiting.push(resolve);
      const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
      socket.write(`*${parts.length}\r\n${parts.join("")}`);
      return promise;
    },
    close: () => socket.destroy(),
  };
}

/** Undefined while the reply is not complete. */
function readReply(buffer: Buffer, start: number): { reply: Reply; end: number } | undefined {
  const lineEnd = buffer.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const line = buffer.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(buffer[start] ?? 0)) {
    case "+":
      return { reply: line, end };
    case "-":
      return { reply: new Error(line), end };
    case ":":
      return { reply: Number(line), end };
    case "$":
      return readBulk(buffer, end, Number(line));
    default:
      return readArray(buffer, end, Number(line));
  }
}

function readBulk(buffer: Buffer, start: number, length: number): { reply: Reply; end: number } | undefined {
  if (length < 0) return { reply: null, end: start };
  const end = start + length + 2;
  return buffer.length < end ? undefined : { reply: buffer.toString("utf8", start, start + length), end };
}

function readArray(buffer: Buffer, start: number, length: number): { reply: Reply; end: number } | undefined {
  if (length < 0) return { reply: null, end: start };
  const items: Reply[] = [];
  let end = start;
  for (let index = 0; index < length; index += 1) {
    const item = readReply(buffer, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}
