import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createWorkspace, type TestWorkspace } from "./support/workspace.ts";

/** The command line, loaded anew for each; test/launch.test.ts and test/scenarios start it as a process. */
let workspace: TestWorkspace;
const argv = [...process.argv];

beforeEach(async () => {
  workspace = await createWorkspace();
});
afterEach(async () => {
  process.argv = argv;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await workspace.remove();
});

async function main(...words: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const seen = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      seen[name] += String(text);
      return true;
    });
  }
  const before = new Map((["SIGINT", "SIGTERM"] as const).map((signal) => [signal, process.listeners(signal)]));
  process.argv = ["node", "main.ts", ...words];
  vi.resetModules();
  const { main: run } = await import("../src/cli.ts");
  const code = await run();
  for (const [signal, listeners] of before) {
    for (const added of process.listeners(signal)) if (!listeners.includes(added)) process.off(signal, added);
  }
  vi.restoreAllMocks();
  return { code, ...seen };
}

test("without a command, help tells of all commands; with one, of that one", async () => {
  expect((await main("--help")).stdout).toContain("Usage: npm start -- [command] [options]");
  expect((await main("plan", "--help")).stdout).toMatch(/^plan: /);
});

test("wrong usage ends with 2 and one line on standard error", async () => {
  expect(await main("fly")).toEqual({
    code: 2,
    stdout: "",
    stderr: "there is no command fly (see `npm start -- --help`)\n",
  });
});

test("in Actions the line is a command that shows it beside the run", async () => {
  vi.stubEnv("GITHUB_ACTIONS", "true");
  expect((await main("fly")).stderr).toMatch(/^::error::there is no command fly/);
});

test("plan and validate answer on standard output and nowhere else", async () => {
  await workspace.addClient("acme");
  const planned = await main("plan", "--json", "--root", workspace.root, "--now", "2026-11-21T09:04:00Z");
  expect(planned).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(planned.stdout)).toMatchObject({ now: expect.stringMatching(/^2026-11-21T09:04:0/), due: [{}] });
  expect(await main("validate", "--root", workspace.root)).toEqual({
    code: 0,
    stdout: "0 errors, 0 warnings\n",
    stderr: "",
  });
});

test("run ends with its own code", async () => {
  await workspace.addClient("acme");
  const ran = await main("run", "--json", "--root", workspace.root, "--now", "2026-11-21T09:04:00Z");
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.stdout).totals).toMatchObject({ posted: 1 });
});

test("keygen prints a key pair, and migrate says which variable it needs", async () => {
  expect((await main("keygen")).stdout).toMatch(/^AGE-SECRET-KEY-1/m);
  vi.stubEnv("SUPABASE_DB_URL", undefined);
  expect(await main("migrate")).toMatchObject({ code: 1, stderr: expect.stringContaining("SUPABASE_DB_URL") });
});

test("seal refuses an id that is no id before it asks for anything", async () => {
  const { code, stderr } = await main("seal", "../etc", "--root", workspace.root);
  expect(code).toBe(2);
  expect(stderr).toContain("lower-case letters, digits and single hyphens");
});
