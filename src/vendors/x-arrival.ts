import { ApiPartialResponseError, ApiRequestError, ApiResponseError } from "twitter-api-v2";
import type { Arrival } from "./x-classify.ts";

interface Answered {
  data: unknown;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Waits for a request and says what came back. It never throws: every way of failing is an arrival. */
export async function arrivalOf(request: () => Promise<Answered>): Promise<Arrival> {
  try {
    const { data, headers } = await request();
    return { kind: "answer", status: 200, headers, body: data };
  } catch (error) {
    return failedArrival(error);
  }
}

function failedArrival(error: unknown): Arrival {
  if (error instanceof ApiResponseError) {
    return { kind: "answer", status: error.code, headers: error.headers, body: error.data };
  }
  if (error instanceof ApiPartialResponseError) {
    const { statusCode = 0, headers } = error.response;
    return { kind: "cut", status: statusCode, headers, raw: error.rawContent };
  }
  const cause = error instanceof ApiRequestError ? causeOf(error) : error;
  const { code, name, syscall } = Object(cause) as { code?: unknown; name?: unknown; syscall?: unknown };
  const word = [code, name].find((value) => typeof value === "string" && /^\w+$/.test(value));
  return {
    kind: "none",
    code: String(word ?? "no cause given"),
    during: typeof syscall === "string" ? syscall : undefined,
  };
}

/**
 * Why there was no answer. `requestError` of twitter-api-v2 1.29 is always undefined, for its getter reads another
 * field than the constructor writes; the cause stands in `_options.error` alone.
 */
function causeOf(error: ApiRequestError): unknown {
  const { _options: options } = Object(error) as { _options?: { error?: unknown } };
  const cause = error.requestError ?? options?.error;
  // A host with several addresses fails with all causes at once; each one is the same system call.
  return cause instanceof AggregateError ? (cause.errors[0] ?? cause) : cause;
}
