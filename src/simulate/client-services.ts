import { createHash } from "node:crypto";
import type { XAccount } from "../ports.ts";
import { fingerprint } from "../post/seal.ts";
import type { ClientServices } from "../services.ts";
import type { Client } from "../terms.ts";
import { openXAccount } from "../vendors/x.ts";
import { keysOf, type SimulatedKeys } from "./accounts.ts";
import { noteTrouble } from "./journal.ts";
import { refusedConnection } from "./refused-connection.ts";
import type { Run } from "./run-services.ts";
import { openSimulatedModel } from "./simulated-model.ts";
import type { Spell } from "./timetable.ts";
import { drawXTrouble } from "./x-trouble.ts";

/** Milliseconds that X takes, and at most takes before the deadline of a request ends it. */
const latencies = { x: [150, 700], slowX: 30_000 } as const;

/** The services of one client in one run: its own keys, and now and then by mistake another client's. */
export function openClientServices(run: Run, client: Client): ClientServices {
  const keys = keysOf(client);
  for (const secret of [...Object.values(keys.x), keys.model]) run.hide(secret);
  return {
    model: async () => openSimulatedModel(run, client, keys.model),
    x: async () => {
      const credentials = credentialsOf(run, client, keys);
      return {
        account: openSimulatedAccount(run, client, credentials),
        fingerprint: fingerprint(credentials),
        app: createHash("sha256").update(credentials.appKey).digest("hex").slice(0, 16),
        ownApp: false,
      };
    },
  };
}

function credentialsOf({ id, world, faults, hide }: Run, client: Client, keys: SimulatedKeys): SimulatedKeys["x"] {
  const { draws, time, workspace, journal } = world;
  const day = time.clock().toISOString().slice(0, 10);
  const others = workspace.clients.filter(({ id }) => id !== client.id);
  const other = others[Math.floor(draws.unit("mixed up with", client.id, day) * others.length)];
  if (other === undefined || !draws.chance(faults.accounts.mixed, "mixed", client.id, day)) return keys.x;
  journal.mixedUp += 1;
  noteTrouble(journal, { run: id, client: client.id, kind: "account: another client's credential", at: time.clock() });
  const wrong = keysOf(other).x;
  for (const secret of Object.values(wrong)) hide(secret);
  return wrong;
}

function openSimulatedAccount(run: Run, client: Client, credentials: SimulatedKeys["x"]): XAccount {
  const { id, world, faults, passage } = run;
  const { draws, time, journal, nextX, timetable, x } = world;
  let isRefused = false;
  const connect = () => (isRefused ? refusedConnection() : x.connect());
  const account = openXAccount({ credentials, clock: time.clock, connect });
  // The sandbox knows a request by its token's account.
  const owner = world.workspace.clients.find((one) => keysOf(one).x.accessToken === credentials.accessToken) ?? client;
  let calls = 0;
  const pass = <T>(step: "whoAmI" | "send" | "postsSince", work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const key = `${id} ${client.id} ${step} ${calls}`;
    const secret = credentials.accessToken;
    const isMeant = (spell: Spell) => meantBy(run, spell) === owner.id;
    const drawn = { faults: faults.x, draws, spells: timetable.x, now: time.clock(), key, secret, isMeant };
    const trouble = drawXTrouble({ ...drawn, isSend: step === "send" });
    const milliseconds = trouble?.isSlow === true ? latencies.slowX : draws.between(latencies.x, "x takes", key);
    return passage.pass(step, milliseconds, () => {
      isRefused = trouble !== undefined && trouble.fault === undefined;
      if (trouble !== undefined) {
        if (trouble.fault !== undefined) nextX.set(owner.xUserId, trouble.fault);
        noteTrouble(journal, { run: id, client: client.id, kind: trouble.kind, at: time.clock() });
        if (trouble.kind === "X: hostile 4xx") world.watch.hostile += 1;
      }
      world.payers.set(owner.xUserId, client.id);
      return work();
    });
  };
  return {
    whoAmI: () => pass("whoAmI", account.whoAmI),
    send: (post) =>
      pass("send", () => {
        journal.sends.push({ run: id, client: client.id, text: post.text, sentAt: time.clock() });
        return account.send(post);
      }),
    postsSince: (input) => pass("postsSince", () => account.postsSince(input)),
  };
}

/** The client that a spell for one client is for. */
function meantBy({ world: { draws, workspace } }: Run, { from }: Spell): string | undefined {
  const { clients } = workspace;
  return clients[Math.floor(draws.unit("meant", from.toISOString()) * clients.length)]?.id;
}
