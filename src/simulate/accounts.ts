import { createHash } from "node:crypto";
import type { XCredentials } from "../ports.ts";
import type { XSandboxAccount } from "../sandbox/x-accounts.ts";
import type { Client } from "../terms.ts";
import { canary } from "./watch.ts";

/** Secrets that open nothing but this simulation, each with the canary in it. */
export interface SimulatedKeys {
  x: XCredentials;
  /** In the form of real ones, by which the checks know a key. */
  model: string;
}

/** The secrets of a client; another one's for another client. */
export function keysOf({ id }: Pick<Client, "id">): SimulatedKeys {
  const secret = (name: string) =>
    `${canary}${createHash("sha256").update(`${name} ${id}`).digest("hex").slice(0, 32)}`;
  return {
    x: {
      appKey: `${canary}app`,
      appSecret: `${canary}appsecret`,
      accessToken: secret("token"),
      accessSecret: secret("token secret"),
    },
    model: `sk-proj-${secret("model")}`,
  };
}

/** The accounts that the sandbox of X knows, by their token. */
export function accountsOf(clients: readonly Client[]): ReadonlyMap<string, XSandboxAccount> {
  return new Map(
    clients.map((client) => {
      const { accessToken, ...secrets } = keysOf(client).x;
      return [accessToken, { ...secrets, xUserId: client.xUserId, handle: client.handle.replace(/^@/, "") }];
    }),
  );
}
