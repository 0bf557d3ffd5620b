import { startXSandbox } from "../../src/sandbox/x-server.ts";

// Serves X from the file in the first argument; creates the first post without ever answering, and says so.
const [stateFile = ""] = process.argv.slice(2);
const sandbox = await startXSandbox({
  stateFile,
  clock: () => new Date("2026-11-21T12:00:00Z"),
  faults: () => ({ kind: "hang", done: true }),
});
process.send?.(sandbox.url);
const watch = setInterval(() => {
  if (sandbox.posts().length === 0) return;
  clearInterval(watch);
  process.send?.("created");
}, 5);
