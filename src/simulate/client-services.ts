import { createHash } from "node:crypto";
import { modelCost } from "../gate/cost.ts";
import type { CompletionRequest, Model, XAccount } from "../ports.ts";
import { fingerprint } from "../post/seal.ts";
import { fetchInProcess } from "../sandbox/in-process.ts";
import { type ChatRequest, chatCompletion } from "../sandbox/model-answer.ts";
import type { ClientServices } from "../services.ts";
import type { Client, Usage } from "../terms.ts";
import { openModel } from "../vendors/openai.ts";
import { openXAccount } from "../vendors/x.ts";
import { keysOf, type SimulatedKeys } from "./accounts.ts";
import { type Charge, tally } from "./journal.ts";
import { drawModelTrouble, type ModelTrouble } from "./model-trouble.ts";
import type { Run } from "./run-services.ts";
import { drawXTrouble } from "./x-trouble.ts";

/** Milliseconds that a model and X take, and take at most before the vendors' own deadlines end the call. */
const latencies = { model: [900, 6000], slowModel: [15_000, 59_000], x: [150, 700], slowX: 30_000 } as const;

/** The services of one client in one run: its own keys, and now and then by mistake another client's. */
export function openClientServices(run: Run, client: Client): ClientServices {
  const keys = keysOf(client);
  for (const secret of [...Object.values(keys.x), keys.model]) run.hide(secret);
  return {
    model: async () => openSimulatedModel(run, client, keys),
    x: async () => {
      const credentials = credentialsOf(run, client, keys);
      return {
        account: openSimulatedAccount(run, client, credentials),
        fingerprint: fingerprint(credentials),
        app: createHash("sha256").update(credentials.appKey).digest("hex").slice(0, 16),
      };
    },
  };
}

function credentialsOf({ world, faults, hide }: Run, client: Client, keys: SimulatedKeys): SimulatedKeys["x"] {
  const { draws, time, workspace, journal } = world;
  const day = time.clock().toISOString().slice(0, 10);
  const others = workspace.clients.filter(({ id }) => id !== client.id);
  const other = others[Math.floor(draws.unit("mixed up with", client.id, day) * others.length)];
  if (other === undefined || !draws.chance(faults.accounts.mixed, "mixed", client.id, day)) return keys.x;
  journal.mixedUp += 1;
  tally(journal.faults, "account: another client's credential");
  const wrong = keysOf(other).x;
  for (const secret of Object.values(wrong)) hide(secret);
  return wrong;
}

function openSimulatedAccount(run: Run, client: Client, credentials: SimulatedKeys["x"]): XAccount {
  const { id, world, faults, passage } = run;
  const { draws, time, journal, nextX, timetable, x } = world;
  const account = openXAccount({ credentials, clock: time.clock, connect: x.connect });
  // The sandbox knows a request by its token's account.
  const owner = world.workspace.clients.find((one) => keysOf(one).x.accessToken === credentials.accessToken) ?? client;
  let calls = 0;
  const pass = <T>(step: "whoAmI" | "send" | "postsSince", work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const key = `${id} ${client.id} ${step} ${calls}`;
    const secret = credentials.accessToken;
    const drawn = { faults: faults.x, draws, storms: timetable.storms, now: time.clock(), key, secret };
    const trouble = drawXTrouble({ ...drawn, isSend: step === "send" });
    const milliseconds = trouble?.isSlow === true ? latencies.slowX : draws.between(latencies.x, "x takes", key);
    return passage.pass(step, milliseconds, () => {
      if (trouble !== undefined) {
        nextX.set(owner.xUserId, trouble.fault);
        tally(journal.faults, trouble.kind);
        if (trouble.kind === "X: hostile 4xx") world.watch.hostile += 1;
      }
      return work();
    });
  };
  const read = async <T>(step: "whoAmI" | "postsSince", work: () => Promise<T>): Promise<T> => {
    let charged: readonly Charge[] = [];
    const value = await pass(step, async () => {
      const before = journal.charges.length;
      const answer = await work();
      charged = journal.charges.slice(before).filter(({ account: charged }) => charged === owner.xUserId);
      return answer;
    });
    for (const charge of charged) charge.heardBy = `${id} ${client.id}`;
    return value;
  };
  return {
    whoAmI: () => read("whoAmI", account.whoAmI),
    send: (post) =>
      pass("send", () => {
        journal.sends.push({ run: id, client: client.id, text: post.text, sentAt: time.clock() });
        return account.send(post);
      }),
    postsSince: (input) => read("postsSince", () => account.postsSince(input)),
  };
}

function openSimulatedModel(run: Run, client: Client, keys: SimulatedKeys): Model {
  const { id, world, faults, passage } = run;
  const { draws, time, model: server } = world;
  let calls = 0;
  let trouble: ModelTrouble | undefined;
  const reach = fetchInProcess(server.connect);
  const model = openModel({
    apiKey: keys.model,
    baseUrl: "http://model.sandbox/v1",
    now: time.clock,
    fetch: (input, init) => {
      bill(run, client, { body: String(init?.body), path: String(input), trouble });
      return reach(input, init);
    },
  });
  const pass = <T>(step: "complete" | "moderate", work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const key = `${id} ${client.id} ${step} ${calls}`;
    trouble =
      step === "complete" ? drawModelTrouble({ faults: faults.model, draws, key, secret: keys.model }) : undefined;
    const range = trouble?.isSlow === true ? latencies.slowModel : latencies.model;
    return passage.pass(step, draws.between(step === "moderate" ? latencies.x : range, "model takes", key), () => {
      announce(run, keys, trouble);
      return work();
    });
  };
  return {
    complete: (request: CompletionRequest) => pass("complete", () => model.complete(request)),
    moderate: (texts) => pass("moderate", () => model.moderate(texts)),
  };
}

function announce({ world }: Run, keys: SimulatedKeys, trouble: ModelTrouble | undefined): void {
  if (trouble === undefined) return;
  tally(world.journal.faults, trouble.kind);
  if (/hostile/.test(trouble.kind)) world.watch.hostile += 1;
  if (trouble.fault !== undefined) world.nextModel.set(`${keys.model} /v1/chat/completions`, trouble.fault);
}

/** Reckons what the sandbox model uses for a request, by the sandbox's own count, whether its answer arrives or not. */
function bill(
  { id, world, unpriced }: Run,
  client: Client,
  { body, path, trouble }: { body: string; path: string; trouble: ModelTrouble | undefined },
): void {
  if (!path.endsWith("/chat/completions")) return;
  const { journal, time, workspace } = world;
  const request = JSON.parse(body) as ChatRequest;
  const model = `openai/${request.model}`;
  const priced = workspace.prices.models.has(model) && model !== unpriced;
  const usage = trouble?.isBilled === false ? undefined : usageIn(chatCompletion(request, 0, trouble?.fault));
  const usd =
    usage === undefined || !workspace.prices.models.has(model) ? 0 : modelCost(model, usage, workspace.prices);
  journal.completions.push({ run: id, client: client.id, model, priced, askedAt: time.clock(), usd });
}

function usageIn(completion: object): Usage {
  const { usage } = completion as { usage: { prompt_tokens: number; completion_tokens: number } };
  return { inputTokens: usage.prompt_tokens, cachedTokens: 0, outputTokens: usage.completion_tokens };
}
