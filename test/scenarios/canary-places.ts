import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { shownSecrets } from "../support/secret-forms.ts";
import type { TestServices } from "../support/services.ts";
import type { Stage } from "./whole-tick.ts";

/** In the form of real ones, by which the checks know a key. */
export const modelKey = "sk-proj-abcdefghijklmnop0123456789";

const names = ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"];

/** GitHub Actions with a model's key that can be planted, and what a step writes there; each test has its own files. */
export function actionsFiles(): {
  environment(): Record<string, string>;
  summary(): Promise<string>;
  outputs(): Promise<string>;
} {
  let folder = "";
  const file = (name: string) => join(folder, name);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "clara-canary-"));
    for (const name of names) {
      await writeFile(file(name), "");
      // The toolkit reads the process's own environment.
      vi.stubEnv(name, file(name));
    }
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  return {
    environment: () => ({
      OPENAI_API_KEY: modelKey,
      GITHUB_ACTIONS: "true",
      ...Object.fromEntries(names.map((name) => [name, file(name)])),
    }),
    summary: () => readFile(file("GITHUB_STEP_SUMMARY"), "utf8"),
    outputs: () => readFile(file("GITHUB_OUTPUT"), "utf8"),
  };
}

/** What standard error says to people, and what it tells the runner to hide: no log shows those lines. */
export function splitMasks(stderr: string): { said: string; masked: readonly string[] } {
  const lines = stderr.split("\n");
  return {
    said: lines.filter((line) => !line.startsWith("::add-mask::")).join("\n"),
    masked: lines.flatMap((line) => /^::add-mask::(.*)$/.exec(line)?.[1] ?? []),
  };
}

/** No place shows a secret. The clients' ids are none, and tokens of the tests end in them. */
export function expectNoSecret(places: Readonly<Record<string, string>>, stage: Stage): void {
  const ids = stage.clients.map(({ id }) => id).join(" ");
  for (const [place, text] of Object.entries(places)) {
    expect(shownSecrets(text, secretsOf(stage), ids), place).toEqual([]);
  }
}

export function secretsOf({ services, workspace, clients }: Stage): readonly string[] {
  const names = ["UPSTASH_REDIS_REST_TOKEN", "SUPABASE_SECRET_KEY", "X_APP_KEY", "X_APP_SECRET"];
  const shared = names.map((name) => services.environment[name] ?? "");
  return [
    modelKey,
    ...shared,
    workspace.identity,
    ...clients.flatMap((client) => [client.accessToken, client.accessSecret]),
  ];
}

/** Every file that a run may have written: all but what a user wrote before. */
export async function filesOf(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map(async (path) => `${path}\n${await readFile(path, "latin1")}`));
  return texts.join("\n");
}

/** Every row of every table. */
export async function dump({ sql }: TestServices): Promise<string> {
  const tables = await sql("select tablename as name from pg_tables where schemaname = 'clara' order by 1");
  expect(tables.length).toBeGreaterThan(8);
  const rows = await Promise.all(tables.map(({ name }) => sql(`select to_jsonb(t)::text as row from clara.${name} t`)));
  return rows
    .flat()
    .map(({ row }) => row)
    .join("\n");
}
