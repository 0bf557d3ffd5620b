import type { ClientRequest, IncomingMessage } from "node:http";

/** As supabase-js answers: with a value or an error, never by throwing; status 0 when nothing came back. */
export interface Answer {
  data: unknown;
  error: { message: string; code?: string } | null;
  status: number;
}

/** Posts one JSON document and reads the one that comes back, over a connection that is kept for the next. */
export async function postJson(
  url: URL,
  { body, headers, signal }: { body: object; headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Answer> {
  const json = JSON.stringify(body);
  const length = Buffer.byteLength(json);
  const described = { ...headers, "content-type": "application/json", "content-length": length };
  try {
    const request = protocolOf(url).request(url, { method: "POST", headers: described, signal });
    const { status, text } = await exchange(request, json);
    return status >= 200 && status < 300 ? success(status, text) : failure(status, text);
  } catch (error) {
    return { data: null, error: { message: error instanceof Error ? error.message : String(error) }, status: 0 };
  }
}

/** Asked of Node itself: importing `node:http` as a module also loads all of undici, which takes 25 ms. */
function protocolOf({ protocol }: URL) {
  return process.getBuiltinModule(protocol === "https:" ? "node:https" : "node:http");
}

function exchange(request: ClientRequest, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      // A body that is cut off or never ends is an error of the response, no longer of the request.
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    request.end(body);
  });
}

/** An empty body is no value. A page of something in between is no answer, whatever its status. */
function success(status: number, text: string): Answer {
  try {
    return { data: text === "" ? null : JSON.parse(text), error: null, status };
  } catch {
    return { data: null, error: { message: "the answer is not JSON" }, status };
  }
}

/** PostgREST explains itself in JSON; what stands between may answer with anything. */
function failure(status: number, text: string): Answer {
  const { message, code } = explanation(text);
  const said = typeof message === "string" ? message : text;
  return { data: null, error: { message: said, ...(typeof code === "string" && { code }) }, status };
}

function explanation(text: string): { message?: unknown; code?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
