import type { Query } from "../../src/vendors/migrations.ts";
import { runInProcess } from "../scenarios/whole-tick.ts";
import { startCli } from "./cli.ts";
import { isEndless } from "./crash-answers.ts";
import { shortDeadline } from "./crash-deadline.ts";
import { type Boundary, openPassage, type Passage } from "./crash-gate.ts";
import { compiledOnce, type Lane } from "./crash-lane.ts";
import { type Outside, openOutside } from "./crash-outside.ts";
import { secretKey } from "./ledger.ts";
import { appKeys, type TestClient, type TestWorkspace } from "./workspace.ts";

/** The process ended by itself before its boundary: there was no kill, so nothing is known of the case. */
export class BoundaryMissed extends Error {}

/** One client's slot from its first tick on, with a fresh X and a fresh model behind gates. */
export interface Scene extends Pick<Outside, "moment" | "posts" | "postByHand"> {
  sql: Query;
  /** Completions that the model has been asked for. */
  completions(): number;
  /** A tick of the real process so many minutes after the last one; with a boundary, ended there by SIGKILL. */
  process(minutesLater: number, boundary?: Boundary): Promise<void>;
  /** The same tick in this process. */
  tick(minutesLater: number): Promise<void>;
  /** Requests of the newest tick, in order. */
  steps(): readonly string[];
  /** The request that the process was killed at reaches X after all. */
  arrive(): Promise<void>;
  /** Keeps everything that is outside of a process as it is now; the answer brings it back. */
  keep(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface SceneOptions {
  lane: Lane;
  workspace: TestWorkspace;
  client: TestClient;
  duplicateWindowHours: number;
  /** Arguments of every tick. */
  args?: readonly string[];
  /** Is told every step of a tick that is not ended. */
  seen?: Set<string>;
}

export const nameOfLedgerCall: Naming = ({ url = "" }) => url.split("/").at(-1) ?? "";
export const nameOfModelCall: Naming = ({ url }) => `model ${url}`;
export const nameOfXCall: Naming = ({ method, url = "" }) =>
  `${method} ${url.replace(/\?.*/, "").replace(/\d{2,}/, ":id")}`;
/** A process that waits for ever, for X or for whatever else, is ended and has no report. */
const longestTickMs = 120_000;

type Naming = Parameters<Passage["gate"]>[1];

export async function openScene(options: SceneOptions): Promise<Scene> {
  const { lane, workspace, client, duplicateWindowHours, seen, args: given = [] } = options;
  await lane.empty();
  const outside = await openOutside(client, duplicateWindowHours);
  const { moment, x, modelUrl } = outside;
  const passage = openPassage();
  const environment = {
    OPENAI_API_KEY: "test-openai-key",
    OPENAI_BASE_URL: `${await passage.gate(modelUrl.replace("/v1", ""), nameOfModelCall)}/v1`,
    SUPABASE_URL: await passage.gate(lane.url, nameOfLedgerCall),
    SUPABASE_SECRET_KEY: secretKey,
    X_APP_KEY: appKeys.appKey,
    X_APP_SECRET: appKeys.appSecret,
    X_API_URL: await passage.gate(x.url, nameOfXCall),
    CLARA_IDENTITY: workspace.identity,
  };
  const args = ["run", "--json", "--root", workspace.root, ...given];
  let runs = 0;
  /** As a workflow's run, which need not ask Git what was checked out. */
  const nextRun = () => {
    runs += 1;
    const runner = {
      GITHUB_ACTIONS: "true",
      GITHUB_RUN_ID: String(runs),
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_SHA: "c0ffee",
    };
    return { ...environment, ...runner };
  };
  const advance = (minutes: number) => {
    moment.now += minutes * 60_000;
    passage.free();
  };
  const startProcess = () => {
    const hasToWait = isEndless(moment.fault) && shortDeadline;
    const variables = { ...nextRun(), ...compiledOnce(workspace), ...hasToWait };
    return startCli([...args, "--now", new Date(moment.now).toISOString()], variables);
  };
  const runProcess: Scene["process"] = async (minutesLater, boundary) => {
    advance(minutesLater);
    const started = startProcess();
    if (boundary !== undefined) {
      passage.stopAt(boundary, async () => {
        started.process.kill("SIGKILL");
        await started.finished;
      });
    }
    const overdue = setTimeout(() => started.process.kill("SIGKILL"), longestTickMs);
    const { stdout, stderr } = await started.finished;
    clearTimeout(overdue);
    if (boundary !== undefined && !passage.stopped())
      throw new BoundaryMissed(`the process never came to ${boundary.step}: ${stderr}`);
    if (boundary === undefined && !stdout.startsWith("{")) throw new Error(`no report: ${stderr}`);
  };
  const runHere: Scene["tick"] = async (minutesLater) => {
    advance(minutesLater);
    const startedAt = Date.now();
    const clock = () => new Date(moment.now + Date.now() - startedAt);
    const { report, stderr } = await runInProcess(args, { environment: nextRun(), clock });
    if (report === undefined) throw new Error(`no report: ${stderr}`);
  };
  return {
    moment,
    posts: outside.posts,
    postByHand: outside.postByHand,
    sql: lane.sql,
    completions: () => moment.completions,
    process: runProcess,
    tick: async (minutesLater) => {
      // The deadline of a send is real time, and only in a process of its own can it be made shorter.
      await (isEndless(moment.fault) ? runProcess(minutesLater) : runHere(minutesLater));
      for (const step of passage.steps()) seen?.add(step);
    },
    steps: passage.steps,
    arrive: () => outside.arrive(passage.heldBack()),
    keep: async () => {
      const bringBack = await outside.keep();
      await lane.rows.keep();
      return async () => {
        await bringBack();
        await lane.rows.bringBack();
      };
    },
    close: async () => {
      for (const service of [passage, outside]) await service.close();
    },
  };
}
