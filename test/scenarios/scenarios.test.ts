import { describe, expect, test } from "vitest";
import { playScenario, readScenarios } from "./scenario.ts";

/** The real command line against the sandbox, without any credentials; the folders beside this file say what happens. */
const scenarios = await readScenarios();

// The embedded Postgres takes seconds of a processor to open: two at a time, whatever vitest would allow.
const places = [Promise.resolve(), Promise.resolve()];

describe.concurrent("the command line", { timeout: 120_000 }, () => {
  test.for(scenarios.map(({ directory, scenario }, index) => ({ directory, scenario, index })))(
    "$directory: $scenario.name",
    async ({ directory, scenario, index }) => {
      const place = index % places.length;
      const played = (places[place] ?? Promise.resolve()).then(() => playScenario(directory, scenario));
      places[place] = played.catch(() => undefined);
      await played;
    },
  );
});

test("every scenario folder was found", () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(15);
});
