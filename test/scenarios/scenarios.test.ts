import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEmbeddedLedger } from "../../src/sandbox/pglite.ts";
import { migrations } from "../support/ledger.ts";
import { playScenario, readScenarios } from "./scenario.ts";

/** The real command line against the sandbox, without any credentials; the folders beside this file say what happens. */
const scenarios = await readScenarios();

let state: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "clara-state-"));
  await (await openEmbeddedLedger(state, migrations)).close();
});
afterAll(() => rm(state, { recursive: true }));

// The embedded Postgres takes seconds of a processor to open: two at a time, whatever vitest would allow.
const places = [Promise.resolve(), Promise.resolve()];

describe.concurrent("the command line", { timeout: 600_000 }, () => {
  test.for(scenarios.map(({ directory, scenario }, index) => ({ directory, scenario, index })))(
    "$directory: $scenario.name",
    async ({ directory, scenario, index }) => {
      const place = index % places.length;
      const played = (places[place] ?? Promise.resolve()).then(() => playScenario(directory, scenario, state));
      places[place] = played.catch(() => undefined);
      await played;
    },
  );
});

test("every scenario folder was found", () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(15);
});
