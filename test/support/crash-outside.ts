import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ModelFault } from "../../src/sandbox/model-faults.ts";
import { startModelSandbox } from "../../src/sandbox/model-server.ts";
import type { Fault } from "../../src/sandbox/x-faults.ts";
import { startXSandbox, type XSandbox } from "../../src/sandbox/x-server.ts";
import { openXAccount } from "../../src/vendors/x.ts";
import { distinctText } from "./crash-answers.ts";
import { keptMemory } from "./crash-rows.ts";
import { appKeys, type TestClient } from "./workspace.ts";

/** Where the clock, X and the model stand, apart from what X has stored. */
interface Moment {
  now: number;
  /** What X does with the next send that reaches it. */
  fault: Fault | undefined;
  /** How long X refuses the same text; without it nothing but our own care keeps a text from going out twice. */
  duplicateWindowHours: number;
  /** Reads of the timeline that show nothing yet. */
  unseen: number;
  completions: number;
  /** What the model does with its first calls; later ones get texts that nothing is wrong with. */
  planned: readonly ModelFault[];
}

/** A fresh X and a fresh model, and the clock that they share with the ticks. */
export interface Outside {
  x: Pick<XSandbox, "url">;
  modelUrl: string;
  moment: Moment;
  /** What is public of this project's texts. */
  posts(): ReturnType<XSandbox["posts"]>;
  /** Somebody posts on the account without us. */
  postByHand(count: number): Promise<void>;
  /** A send that a dead process had on its way reaches X; nobody hears the answer. */
  arrive(body: Buffer): Promise<void>;
  /** Keeps everything as it is now; the answer brings it back. */
  keep(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const byHand = "By hand, number";
const timelinePath = /^\/2\/users\/\d+\/tweets$/;
const nothingYet: Fault = { kind: "answer", done: true, status: 200, body: { meta: { result_count: 0 } } };

export async function openOutside(client: TestClient, duplicateWindowHours: number): Promise<Outside> {
  const directory = await mkdtemp(join(tmpdir(), "clara-crash-"));
  const stateFile = join(directory, "x.db");
  const moment: Moment = {
    now: Date.parse("2026-11-21T09:04:00Z"),
    fault: undefined,
    duplicateWindowHours,
    unseen: 0,
    completions: 0,
    planned: [],
  };
  const clock = () => new Date(moment.now);
  const x = await startXSandbox({
    stateFile,
    clock,
    accounts: (token) => (token === client.accessToken ? { ...client, ...appKeys } : undefined),
    get duplicateWindowSeconds() {
      return moment.duplicateWindowHours * 3600;
    },
    faults: ({ method, path }) => faultOf(moment, method, path),
  });
  const model = await startModelSandbox({
    faults: ({ path }) => {
      if (path !== "/v1/chat/completions") return undefined;
      moment.completions += 1;
      const { completions, planned } = moment;
      const texts = [0, 1, 2].map((index) => distinctText(completions * 3 + index));
      return planned[completions - 1] ?? { kind: "texts", texts };
    },
  });
  const memory = new DatabaseSync(stateFile);
  const rows = keptMemory(memory);
  const account = openXAccount({ credentials: { ...client, ...appKeys }, apiUrl: x.url, clock });
  return {
    x,
    modelUrl: model.url,
    moment,
    posts: () => x.posts().filter(({ text }) => !text.startsWith(byHand)),
    postByHand: async (count) => {
      for (let number = 1; number <= count; number += 1)
        await account.send({ text: `${byHand} ${number}`, madeWithAi: false });
    },
    // Signed anew, for X takes no signature twice, and each future of one kill has it arrive.
    arrive: async (body) => {
      const { text, made_with_ai: madeWithAi = false } = JSON.parse(body.toString());
      await account.send({ text, madeWithAi });
    },
    keep: async () => {
      const kept = { ...moment };
      await rows.keep();
      return async () => {
        Object.assign(moment, kept);
        await rows.bringBack();
      };
    },
    close: async () => {
      memory.close();
      for (const server of [x, model]) await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function faultOf(moment: Moment, method: string, path: string): Fault | undefined {
  if (method === "POST" && path === "/2/tweets") {
    const { fault } = moment;
    moment.fault = undefined;
    return fault;
  }
  if (!timelinePath.test(path) || moment.unseen === 0) return undefined;
  moment.unseen -= 1;
  return nothingYet;
}
