import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** What a workflow's script asked of GitHub. */
export interface GithubRequest {
  method: string;
  /** Below the repository, with its query. */
  path: string;
  body: Record<string, unknown> | undefined;
}

export interface GithubApi {
  url: string;
  requests: GithubRequest[];
  /** Requests that write, as `METHOD path`. */
  writes(): readonly string[];
  close(): Promise<void>;
}

/**
 * The part of GitHub's REST API that the workflows use, on loopback, for one repository. `answers` gives the document for
 * `METHOD path` without its query, of a list the page that is asked for; what is not there is 404 for a read and for a deletion, and 201 for other writes.
 */
export async function startGithubApi(
  repository: string,
  answers: Readonly<Record<string, unknown>>,
): Promise<GithubApi> {
  const requests: GithubRequest[] = [];
  const server = createServer(async (request, response) => {
    const method = request.method ?? "";
    const body = ["POST", "PUT", "PATCH"].includes(method)
      ? ((await json(request)) as Record<string, unknown>)
      : undefined;
    const path = (request.url ?? "").slice(`/repos/${repository}`.length);
    requests.push({ method, path, body });
    const [bare, query] = path.split("?");
    const answer = pageOf(answers[`${method} ${bare}`], new URLSearchParams(query));
    const authorised = request.headers.authorization === "Bearer token-of-the-job";
    const missing = answer === undefined && (method === "GET" || method === "DELETE");
    const status = !authorised ? 401 : missing ? 404 : method === "GET" ? 200 : 201;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { message: status === 404 ? "Not Found" : "done" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes: () => requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** As GitHub pages lists: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function pageOf(answer: unknown, query: URLSearchParams): unknown {
  if (!Array.isArray(answer)) return answer;
  const size = Math.min(Number(query.get("per_page") ?? 30), 100);
  const from = (Number(query.get("page") ?? 1) - 1) * size;
  return answer.slice(from, from + size);
}
