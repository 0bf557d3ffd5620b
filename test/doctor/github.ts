import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface StoredIssue {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  labels: { name: string }[];
  user: { login: string };
  comments: string[];
}

/** As much of GitHub's REST API as the doctor and its workflow use, on loopback. */
export interface GithubServer {
  url: string;
  token: string;
  /** What is said of run.yml; undefined answers 404. */
  workflow: { state: string; runs: { created_at: string; conclusion: string | null; html_url: string }[] } | undefined;
  issues: StoredIssue[];
  /** `METHOD /path`, in order. */
  requests: string[];
  /** Answers this instead. */
  fault: { status: number } | "hang" | undefined;
  close(): Promise<void>;
}

export const repository = "acme/clara";

export async function startGithub(): Promise<GithubServer> {
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    github.requests.push(`${request.method} ${path}`);
    void text(request).then((body) => {
      if (github.fault === "hang") return;
      const authorised = request.headers.authorization === `Bearer ${github.token}`;
      const [status, answer] = github.fault
        ? [github.fault.status, { message: `Bad credentials: ${request.headers.authorization}` }]
        : authorised
          ? route(github, request.method ?? "GET", path, body)
          : [401, { message: "Bad credentials" }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const github: GithubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: "ghs_a-token-of-the-tests",
    workflow: undefined,
    issues: [],
    requests: [],
    fault: undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return github;
}

function route(github: GithubServer, method: string, path: string, body: string): readonly [number, unknown] {
  const { pathname, searchParams } = new URL(path, "http://github.test");
  const place = pathname.replace(`/repos/${repository}/`, "");
  const sent: Partial<Record<"title" | "body" | "state", string>> & { labels?: string[] } = body
    ? JSON.parse(body)
    : {};
  if (place.startsWith("actions/workflows/run.yml")) return readWorkflow(github, place);
  if (place === "labels") return [422, { message: "already_exists" }];
  if (place === "issues" && method === "GET") return [200, page(github.issues, searchParams)];
  if (place === "issues") return [201, create(github, sent)];
  const [, number, comments] = /^issues\/(\d+)(\/comments)?$/.exec(place) ?? [];
  const issue = github.issues.find((each) => String(each.number) === number);
  if (issue === undefined) return [404, { message: "Not Found" }];
  if (comments !== undefined) issue.comments.push(sent.body ?? "");
  else Object.assign(issue, sent);
  return [200, issue];
}

function readWorkflow({ workflow }: GithubServer, place: string): readonly [number, unknown] {
  if (workflow === undefined) return [404, { message: "Not Found" }];
  const { state, runs } = workflow;
  return [200, place.includes("/runs") ? { workflow_runs: runs } : { state, path: ".github/workflows/run.yml" }];
}

function page(issues: readonly StoredIssue[], query: URLSearchParams): readonly StoredIssue[] {
  const size = Number(query.get("per_page") ?? 30);
  const start = (Number(query.get("page") ?? 1) - 1) * size;
  return issues
    .filter(
      ({ state, labels }) => state === query.get("state") && labels.some(({ name }) => name === query.get("labels")),
    )
    .slice(start, start + size);
}

function create(github: GithubServer, sent: { title?: string; body?: string; labels?: string[] }): StoredIssue {
  const issue: StoredIssue = {
    number: github.issues.length + 1,
    title: sent.title ?? "",
    body: sent.body ?? "",
    state: "open",
    labels: (sent.labels ?? []).map((name) => ({ name })),
    user: { login: "github-actions[bot]" },
    comments: [],
  };
  github.issues.push(issue);
  return issue;
}
