import { assembleWorkspace } from "../../src/clients/assemble.ts";
import type { WorkspaceFile } from "../../src/clients/parse-file.ts";
import type { Problem, Workspace } from "../../src/terms.ts";

export const defaultsYaml = `recipient: age1sgt0ch5v8nasgeh7dh9xr5vwau4pek0aae4s546ckmc6kgjhxvnqqrzpyd
global:
  posts_per_day: 500
  completions_per_day: 2000
  usd_per_month: 300.5
defaults:
  status: rehearsal
  model: openai/gpt-5-mini
`;

export const pricesYaml = `models:
  openai/gpt-5-mini: { input: 0.25, cached: 0.025, output: 2, checked: 2026-11-20, source: "https://example.com/a" }
  openai/gpt-4.1-mini: { input: 0.4, cached: 0.1, output: 1.6, checked: 2026-11-20, source: "https://example.com/b" }
x:
  post: { usd: 0.015, checked: 2026-11-20, source: "https://example.com/x" }
  post_with_url: { usd: 0.2, checked: 2026-11-20, source: "https://example.com/x" }
  read_post: { usd: 0.005, checked: 2026-11-20, source: "https://example.com/x" }
  read_user: { usd: 0.01, checked: 2026-11-20, source: "https://example.com/x" }
`;

export const promptYaml = `title: Quick tip
version: "1.0.0"
state: published
messages:
  - role: system
    content: You write for {{client}}. {{ voice }}
  - role: user
    content: One tip about {{topic}}.
`;

/** Line by line: tests name lines of it. */
export const clientYaml = `name: Acme Coffee
handle: acme_coffee
x_user_id: "101"
timezone: Europe/Berlin
schedule:
  days: weekdays
  times: ["09:00", "17:30"]
voice: Warm and dry.
topics:
  - brewing at home
posts:
  - prompt: quick-tip
`;

/** The files of a workspace without problems; give others, or other texts, by path. `undefined` takes one away. */
export function filesWith(texts: Readonly<Record<string, string | Uint8Array | undefined>> = {}): WorkspaceFile[] {
  const all: Record<string, string | Uint8Array | undefined> = {
    "clients/_defaults.yaml": defaultsYaml,
    "clients/_prices.yaml": pricesYaml,
    "clients/acme.yaml": clientYaml,
    "prompts/quick-tip.prompt.yml": promptYaml,
    ...texts,
  };
  return Object.entries(all).flatMap(([path, text]) => {
    if (text === undefined) return [];
    return { path, bytes: typeof text === "string" ? new TextEncoder().encode(text) : text };
  });
}

export function workspaceWith(texts: Readonly<Record<string, string | Uint8Array | undefined>> = {}): Workspace {
  return assembleWorkspace(filesWith(texts));
}

/** `file:line:column message (hint)`, one for each problem. */
export function said(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ file, line, column, message, hint }) => `${file}:${line}:${column} ${message} (${hint})`);
}
