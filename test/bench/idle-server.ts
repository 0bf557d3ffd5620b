import { startPostgres } from "../support/postgres.ts";
import { startServices } from "../support/services.ts";
import { createWorkspace } from "../support/workspace.ts";

/** What the bench of a tick with nothing due runs against, in a process of its own: see idle.ts. */
export interface IdleServer {
  root: string;
  environment: Readonly<Record<string, string>>;
}

const postgres = await startPostgres();
const workspace = await createWorkspace();
const clients = [];
for (const id of ["acme", "beta", "gamma", "delta", "omega"]) clients.push(await workspace.addClient(id));
const clock = () => new Date("2026-11-21T09:04:00Z");
const services = await startServices({ postgres, workspace, clients, clock });
process.once("disconnect", async () => {
  await services.close();
  await workspace.remove();
  await postgres.stop();
});
process.send?.({ root: workspace.root, environment: services.environment } satisfies IdleServer);
