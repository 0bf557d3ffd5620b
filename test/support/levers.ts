import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import type { Context } from "../../src/commands/context.ts";
import { actionsHost } from "../../src/vendors/actions.ts";
import { openLog } from "../../src/vendors/log.ts";
import { type Steps, stepsOf } from "../contracts/ledger-steps.ts";
import { at, embeddedSession, emptyLedger, secretKey } from "./ledger.ts";
import { type RpcServer, serveRpc } from "./postgres.ts";
import { createWorkspace, type TestWorkspace } from "./workspace.ts";

/** A workspace with the client acme, and a ledger with empty tables that its settings lead to. */
export interface LeverStage {
  workspace(): TestWorkspace;
  steps(): Steps;
  server(): RpcServer;
  /** Runs a command in this process at so many seconds on the tests' clock; answers with what it wrote and its exit code. */
  pull(
    command: (context: Context) => Promise<number>,
    words: readonly string[],
    change?: { seconds?: number; environment?: Readonly<Record<string, string>> },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
}

export function leverStage(): LeverStage {
  const session = embeddedSession();
  let workspace: TestWorkspace;
  let server: RpcServer;
  let steps: Steps;
  beforeEach(async () => {
    workspace = await createWorkspace();
    await workspace.addClient("acme");
    server = await serveRpc(session(), secretKey);
    steps = stepsOf(await emptyLedger(session(), { url: server.url }));
  });
  afterEach(async () => {
    await server.close();
    await workspace.remove();
  });
  return {
    workspace: () => workspace,
    steps: () => steps,
    server: () => server,
    pull: async (command, words, { seconds = 60, environment = {} } = {}) => {
      const [stdout, stderr] = [keep(), keep()];
      const settings = { SUPABASE_URL: server.url, SUPABASE_SECRET_KEY: secretKey, ...environment };
      const given = parseArguments([...words, "--root", workspace.root]);
      const code = await command({
        arguments: given,
        environment: settings,
        stateDirectory: join(workspace.root, ".clara"),
        migrationsDirectory: join(import.meta.dirname, "../../schemas/sql"),
        clock: () => at(seconds),
        log: openLog({ stream: stderr }),
        host: actionsHost(settings, stderr),
        write: stdout.write,
        stopping: new AbortController().signal,
      });
      return { code, stdout: stdout.text(), stderr: stderr.text() };
    },
  };
}

function keep() {
  const parts: string[] = [];
  return { write: (text: string) => void parts.push(text), text: () => parts.join("") };
}
