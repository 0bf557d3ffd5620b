import type { Workspace } from "../terms.ts";
import { seededDraws } from "./draws.ts";
import type { Faults } from "./faults.ts";
import { runOnce } from "./run-once.ts";
import { drawTimetable } from "./timetable.ts";
import { openWorld, type World } from "./world.ts";

export interface SimulationInput {
  workspace: Workspace;
  faults: Faults;
  seed: string;
  from: Date;
  days: number;
  migrationsDirectory: string;
  stopping: AbortSignal;
}

/** Lets every tick of the timetable run, one after the other. The caller closes the world. */
export async function simulate(input: SimulationInput): Promise<World> {
  const draws = seededDraws(input.seed);
  const timetable = drawTimetable({ ...input, draws });
  const world = await openWorld({ ...input, draws, timetable });
  try {
    await runAll(world, input);
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

async function runAll(world: World, { from, days, stopping }: SimulationInput): Promise<void> {
  const quietFrom = new Date(from.getTime() + days * 86_400_000);
  for (const [index, { startsAt, runs }] of world.timetable.ticks.entries()) {
    if (stopping.aborted) throw new Error("the simulation was stopped");
    world.time.advanceTo(startsAt);
    const isQuiet = startsAt > quietFrom || index === 0;
    const names = Array.from({ length: runs }, (_, number) => `sim-${index + 1}${"abc"[number] ?? ""}`);
    await Promise.all(names.map((id) => runOnce(world, id, { isQuiet })));
  }
}
