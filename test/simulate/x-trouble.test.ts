import { expect, test } from "vitest";
import { startXSandbox } from "../../src/sandbox/x-server.ts";
import { seededDraws } from "../../src/simulate/draws.ts";
import { calm } from "../../src/simulate/faults.ts";
import { refusedConnection } from "../../src/simulate/refused-connection.ts";
import type { Spell, XSpells } from "../../src/simulate/timetable.ts";
import { drawXTrouble } from "../../src/simulate/x-trouble.ts";
import { openXAccount } from "../../src/vendors/x.ts";

const now = new Date("2026-11-21T09:00:00Z");
const spell: Spell = { from: now, until: new Date("2026-11-21T10:00:00Z") };
const none: XSpells = { storms: [], unauthorized: [], credit: [], refused: [], blocked: [] };

function draw(change: Partial<Parameters<typeof drawXTrouble>[0]>) {
  const given = { faults: calm.x, draws: seededDraws("1"), spells: none, now, key: "k", isSend: true, secret: "s" };
  return drawXTrouble({ ...given, isMeant: () => true, ...change });
}

test.for([
  { name: "storms" as const, kind: "X: 429", fault: { status: 429 } },
  { name: "unauthorized" as const, kind: "X: 401", fault: { status: 401 } },
  { name: "credit" as const, kind: "X: 402", fault: { status: 402 } },
  { name: "blocked" as const, kind: "X: 403 of an edge", fault: { status: 403, contentType: "text/html" } },
  { name: "refused" as const, kind: "X: refused", fault: undefined },
])("while a spell of $name lasts, a request meets $kind", ({ name, kind, fault }) => {
  const trouble = draw({ spells: { ...none, [name]: [spell] } });
  expect(trouble?.kind).toBe(kind);
  if (fault === undefined) expect(trouble?.fault).toBeUndefined();
  else expect(trouble?.fault).toMatchObject({ kind: "answer", done: false, ...fault });
  expect(draw({ spells: { ...none, [name]: [spell] }, now: spell.until })).toBeUndefined();
});

test("a 401 is for the client that it is meant for", () => {
  expect(draw({ spells: { ...none, unauthorized: [spell] }, isMeant: () => false })).toBeUndefined();
});

test("only a send is not permitted", () => {
  const faults = { ...calm.x, forbidden: 1 };
  expect(draw({ faults })?.kind).toBe("X: not permitted");
  expect(draw({ faults, isSend: false })).toBeUndefined();
});

test("over a refused connection nothing is sent, and the real client says so", async () => {
  const x = await startXSandbox({ clock: () => now });
  const credentials = { appKey: "k", appSecret: "s", accessToken: "1-t", accessSecret: "a" };
  const account = openXAccount({ credentials, clock: () => now, connect: refusedConnection });
  const result = await account.send({ text: "one", madeWithAi: true });
  expect(result).toMatchObject({ kind: "unsent", reason: expect.stringContaining("ECONNREFUSED") });
  expect(x.requests("POST", "/2/tweets")).toBe(0);
  await x.close();
});
