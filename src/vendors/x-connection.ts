import { Agent } from "node:https";
import { connect as connectPlain } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { IClientSettings, ITwitterApiClientPlugin } from "twitter-api-v2";
import { UserError } from "../errors.ts";

/** How every client of the library is set up here. @throws UserError when `apiUrl` is no http or https address. */
export function clientSettings({
  apiUrl,
  connect,
  deadlineMs,
}: {
  apiUrl?: string;
  /** Connects without a socket, to the sandbox in this process. */
  connect?: () => Duplex;
  deadlineMs: number;
}): Partial<IClientSettings> {
  return {
    httpAgent: connectionTo(apiUrl, connect),
    plugins: [totalDeadline(deadlineMs)],
    // The library never ends on a compressed answer that is cut, and a broken one would end the process.
    compression: false,
  };
}

/**
 * Connects to X, or with `apiUrl` to another host in its place. twitter-api-v2 has no setting for its host, so only
 * the connection changes: the Host header and the signature stay those of api.x.com. Sockets are not kept.
 * @throws UserError when `apiUrl` is no http or https address, or has a path.
 */
export function connectionTo(apiUrl: string | undefined, connect?: () => Duplex): Agent {
  const agent = new Agent({ keepAlive: false });
  if (connect !== undefined) agent.createConnection = connect;
  if (apiUrl === undefined) return agent;
  const { protocol, hostname, port } = readUrl(apiUrl);
  const host = hostname.replace(/^\[|\]$/g, "");
  agent.createConnection = () =>
    protocol === "http:"
      ? connectPlain({ host, port: Number(port || 80) })
      : connectTls({ host, port: Number(port || 443), servername: hostname });
  return agent;
}

function readUrl(apiUrl: string): URL {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new UserError("X_API_URL is not an http or https address");
  }
  if (url.pathname !== "/") throw new UserError("X_API_URL takes a host without a path: requests go to /2/ on it");
  return url;
}

/**
 * Ends each request after so many milliseconds in all. The library's own timeout counts only silence: an answer that
 * drips would hold the run for as long as it likes.
 */
export function totalDeadline(milliseconds: number): ITwitterApiClientPlugin {
  return {
    onBeforeRequest: ({ requestOptions }) => {
      requestOptions.signal = AbortSignal.timeout(milliseconds);
    },
  };
}
