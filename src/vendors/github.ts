import type { TickWorkflow } from "../doctor/github.ts";
import { PostingError } from "../errors.ts";
import { field } from "./x-classify.ts";

export interface GithubOptions {
  /** GITHUB_API_URL. @default https://api.github.com */
  apiUrl?: string;
  /** `owner/name`. */
  repository: string;
  token: string;
  deadlineMs: number;
}

/** The state of run.yml and its latest run. Throws PostingError: config (token, no such workflow) or unavailable. */
export async function readTickWorkflow(options: GithubOptions): Promise<TickWorkflow> {
  const [workflow, runs] = await Promise.all([get("run.yml", options), get("run.yml/runs?per_page=1", options)]);
  const state = field(workflow, "state");
  const listed = field(runs, "workflow_runs");
  if (typeof state !== "string" || !Array.isArray(listed)) throw unclear();
  return { state, ...(listed.length > 0 && { latest: readRun(listed[0]) }) };
}

function readRun(run: unknown): NonNullable<TickWorkflow["latest"]> {
  const [created, conclusion, url] = ["created_at", "conclusion", "html_url"].map((name) => field(run, name));
  if (typeof created !== "string" || Number.isNaN(Date.parse(created)) || typeof url !== "string") throw unclear();
  return { startedAt: new Date(created), url, ...(typeof conclusion === "string" && { conclusion }) };
}

async function get(path: string, { apiUrl = "https://api.github.com", repository, token, deadlineMs }: GithubOptions) {
  const answer = await ask(`${apiUrl}/repos/${repository}/actions/workflows/${path}`, { token, deadlineMs });
  if (answer.ok) return answer.json().catch(() => undefined);
  await answer.body?.cancel();
  if (answer.status >= 500) throw new PostingError("unavailable", `GitHub answered ${answer.status}`);
  throw new PostingError("config", `GitHub answered ${answer.status} to a question about run.yml`);
}

async function ask(url: string, { token, deadlineMs }: { token: string; deadlineMs: number }): Promise<Response> {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${token}`,
    "x-github-api-version": "2022-11-28",
  };
  try {
    // A redirect would carry the token to wherever it leads.
    return await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(deadlineMs) });
  } catch {
    // Not as a cause: undici's errors can quote headers.
    throw new PostingError("unavailable", "GitHub did not answer");
  }
}

function unclear(): PostingError {
  return new PostingError("unavailable", "GitHub's answer about run.yml could not be read");
}
