import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ModelFault } from "../../src/sandbox/model-faults.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { showsSecret } from "../support/secret-forms.ts";
import type { TestServices } from "../support/services.ts";
import { runInProcess, type Stage, stages } from "./whole-tick.ts";

/** No secret leaves the process: not by a stream, not by a file for the runner, not by a row of the ledger. */
const open = stages();

/** Long, as X's tokens are. */
const id = "a-client-with-a-long-name";
/** In the form of real ones, by which the checks know a key. */
const modelKey = "sk-proj-abcdefghijklmnop0123456789";
const accessToken = `access-token-of-${id}`;
const files = ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clara-canary-"));
  for (const name of files) {
    await writeFile(join(folder, name), "");
    // The toolkit reads the process's own environment.
    vi.stubEnv(name, join(folder, name));
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const echo = { title: "Forbidden", detail: `no entry for ${accessToken}`, status: 403, type: "about:blank" };
const faults: readonly { tick: string; x?: Fault; model?: ModelFault; ledger?: string }[] = [
  { tick: "a good tick" },
  ...Object.entries(xFaults).flatMap(([name, fault]) =>
    typeof fault === "function" ? [] : [{ tick: `X: ${name}`, x: fault }],
  ),
  { tick: "X: serverError", x: xFaults.serverError(503, true) },
  { tick: "X: reset", x: { kind: "reset" } },
  { tick: "X: cut body", x: { kind: "cut-body", afterBytes: 6 } },
  { tick: "X repeats the token", x: { kind: "answer", done: false, status: 403, body: echo } },
  { tick: "X repeats the token in HTML", x: { kind: "answer", done: false, status: 503, body: `<p>${accessToken}` } },
  { tick: "the model repeats the key", model: { kind: "error", status: 401, message: `Bad key ${modelKey}` } },
  {
    tick: "the model writes the key",
    model: { kind: "texts", texts: [`The key is ${modelKey}`] },
  },
  { tick: "the ledger is down", ledger: "open_tick" },
  { tick: "the report is refused", ledger: "close_tick" },
];

test.for(faults)("no secret shows after: $tick", async ({ x, model, ledger }) => {
  const stage = await open({ clients: [id] });
  const { services, tick } = stage;
  services.faults.x = ({ method }) => (method === "POST" ? x : undefined);
  services.faults.model = () => model;
  if (ledger !== undefined) services.ledger.fault(ledger, "unavailable");
  const actions = {
    OPENAI_API_KEY: modelKey,
    GITHUB_ACTIONS: "true",
    ...Object.fromEntries(files.map((name) => [name, join(folder, name)])),
  };
  const { stdout, stderr } = await tick(0, { environment: actions });
  services.ledger.fault(ledger ?? "");

  // A mask is how the runner is told what to hide, and no log shows it.
  const lines = stderr.split("\n");
  const masked = lines.flatMap((line) => /^::add-mask::(.*)$/.exec(line)?.[1] ?? []);
  const secrets = secretsOf(stage);
  const early = ledger === "open_tick" ? secrets.filter((secret) => !secret.includes(id)) : secrets;
  expect(masked).toEqual(expect.arrayContaining([...early]));
  const places = {
    stdout,
    stderr: lines.filter((line) => !line.startsWith("::add-mask::")).join("\n"),
    summary: await readFile(join(folder, "GITHUB_STEP_SUMMARY"), "utf8"),
    outputs: await readFile(join(folder, "GITHUB_OUTPUT"), "utf8"),
    ledger: await dump(services),
    files: await filesOf(stage.workspace.root),
  };
  expect(places.summary).not.toBe("");
  for (const [place, text] of Object.entries(places)) {
    expect(shown(text, stage), place).toEqual([]);
  }
});

test.for<{ what: string; args?: readonly string[]; x?: Fault; model?: ModelFault }>([
  { what: "X repeats the token", x: { kind: "answer", done: false, status: 403, body: echo } },
  { what: "X repeats the token and is down", x: { kind: "answer", done: false, status: 503, body: echo } },
  {
    what: "the model's server repeats the key in every field",
    model: { kind: "error", status: 400, message: modelKey, code: modelKey, type: modelKey, param: modelKey },
  },
  { what: "nothing is to be sent", args: ["--dry-run"] },
])("outside GitHub Actions, in words, no secret shows when $what", async ({ args = [], x, model }) => {
  const stage = await open({ clients: [id] });
  const { services, workspace } = stage;
  services.faults.x = ({ method }) => (method === "POST" ? x : undefined);
  services.faults.model = () => model;
  const environment = { ...services.environment, OPENAI_API_KEY: modelKey };
  const argv = ["run", ...args, "--root", workspace.root];
  const { stdout, stderr } = await runInProcess(argv, { environment, clock: () => new Date("2026-11-21T09:04:00Z") });
  const places = { stdout, stderr, files: await filesOf(workspace.root), ledger: await dump(services) };
  expect(stdout).toContain(id);
  expect(places.files).toContain("summary.md");
  for (const [place, text] of Object.entries(places)) expect(shown(text, stage), place).toEqual([]);
});

/** The secrets that a text shows. The client's id is none, and tokens of the tests end in it. */
function shown(text: string, stage: Stage): readonly string[] {
  return secretsOf(stage).filter((secret) => showsSecret(text, secret, id));
}

function secretsOf({ services, workspace, clients }: Stage): readonly string[] {
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
async function filesOf(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map(async (path) => `${path}\n${await readFile(path, "latin1")}`));
  return texts.join("\n");
}

/** Every row of every table. */
async function dump({ sql }: TestServices): Promise<string> {
  const tables = await sql("select tablename as name from pg_tables where schemaname = 'clara' order by 1");
  expect(tables.length).toBeGreaterThan(8);
  const rows = await Promise.all(tables.map(({ name }) => sql(`select to_jsonb(t)::text as row from clara.${name} t`)));
  return rows
    .flat()
    .map(({ row }) => row)
    .join("\n");
}
