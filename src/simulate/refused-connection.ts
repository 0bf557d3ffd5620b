import { Duplex } from "node:stream";

/** A connection that nobody takes: no byte of a request can have left. */
export function refusedConnection(): Duplex {
  const connection = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
  // Whoever asked for the connection listens to it only later in this turn.
  setImmediate(() => connection.destroy(error));
  return connection;
}
