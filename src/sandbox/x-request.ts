import type { DatabaseSync } from "node:sqlite";
import type { XSandboxAccount } from "./x-accounts.ts";

/** One request whose signature is right, as the endpoints see it. */
export interface XRequest {
  account: XSandboxAccount;
  /** The part of the path that an endpoint's pattern captured, or "". */
  id: string;
  query: URLSearchParams;
  contentType: string;
  body: Buffer;
  now: Date;
  database: DatabaseSync;
  /** Seconds until a post created by this request shows on the timeline. */
  lagSeconds: number;
  duplicateWindowSeconds: number;
}

/** The body as JSON; undefined when it is none. */
export function jsonBody(request: Pick<XRequest, "body" | "contentType">): unknown {
  if (!request.contentType.startsWith("application/json")) return undefined;
  try {
    return JSON.parse(request.body.toString());
  } catch {
    return undefined;
  }
}

/** Fields of a JSON object or of a multipart form; files become their bytes. */
export async function fieldsOf(request: XRequest): Promise<ReadonlyMap<string, string | Buffer>> {
  if (!request.contentType.startsWith("multipart/form-data")) {
    const json = jsonBody(request);
    if (typeof json !== "object" || json === null) return new Map();
    return new Map(Object.entries(json).map(([name, value]) => [name, String(value)]));
  }
  const fields = new Map<string, string | Buffer>();
  try {
    const headers = { "content-type": request.contentType };
    const form = await new Response(new Uint8Array(withFilename(request.body)), { headers }).formData();
    for (const [name, value] of form) {
      fields.set(name, typeof value === "string" ? value : Buffer.from(await value.arrayBuffer()));
    }
  } catch {
    return new Map(); // a broken form has no fields, and the endpoint then says what is missing
  }
  return fields;
}

/** twitter-api-v2 sends its bytes without a file name, and a form parser takes such a part for text, which bends bytes. */
function withFilename(body: Buffer): Buffer {
  const bytes = body.toString("latin1").replace(/name="media"\r\n/, 'name="media"; filename="media"\r\n');
  return Buffer.from(bytes, "latin1");
}
