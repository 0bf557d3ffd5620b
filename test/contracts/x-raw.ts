import { TwitterApi } from "twitter-api-v2";
import type { XCredentials } from "../../src/ports.ts";
import { sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { connectionTo } from "../../src/vendors/x-connection.ts";
import { acme, openX } from "./x-fixture.ts";

export interface RawAnswer {
  status: number;
  body: unknown;
  headers: Record<string, string | string[] | undefined>;
}

type Verb = (
  path: string,
  content: Record<string, string>,
  options: { fullResponse: true },
) => Promise<{ data: unknown; headers: RawAnswer["headers"] }>;

/** The whole client library on the sandbox, for endpoints that the product does not use. */
export function rawClient(url: string, credentials: XCredentials): TwitterApi {
  return new TwitterApi(credentials, { httpAgent: connectionTo(url), compression: false });
}

/** One signed request with status, body and headers, whether it went well or not. */
export async function rawRequest(
  client: TwitterApi,
  method: "GET" | "POST" | "DELETE",
  path: string,
  content: object = {},
): Promise<RawAnswer> {
  const verbs = { GET: "get", POST: "post", DELETE: "delete" } as const;
  const verb: Verb = client.v2[verbs[method]];
  const request = verb.call(client.v2, path, { ...content }, { fullResponse: true });
  try {
    const { data, headers } = await request;
    return { status: 200, body: data, headers };
  } catch (error) {
    const { code, data, headers } = error as { code: number; data: unknown; headers: RawAnswer["headers"] };
    return { status: code, body: data, headers };
  }
}

/** The sandbox with the whole client library on acme's account. */
export async function openRaw(options: Parameters<typeof openX>[0] = {}) {
  const opened = await openX(options);
  return { ...opened, client: rawClient(opened.x.url, sandboxCredentials(acme)) };
}
