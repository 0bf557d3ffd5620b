import { expect, test } from "vitest";
import type { ModelFault } from "../../src/sandbox/model-faults.ts";
import { type Fault, xFaults } from "../../src/sandbox/x-faults.ts";
import { actionsFiles, dump, expectNoSecret, filesOf, modelKey, secretsOf, splitMasks } from "./canary-places.ts";
import { runInProcess, stages } from "./whole-tick.ts";

/** No secret leaves the process: not by a stream, not by a file for the runner, not by a row of the ledger. */
const open = stages();
const actions = actionsFiles();

/** Long, as X's tokens are. */
const id = "a-client-with-a-long-name";
const accessToken = `access-token-of-${id}`;

const echo = { title: "Forbidden", detail: `no entry for ${accessToken}`, status: 403, type: "about:blank" };
const faults: readonly { tick: string; x?: Fault; model?: ModelFault; ledger?: string }[] = [
  { tick: "a good tick" },
  ...Object.entries(xFaults).flatMap(([name, fault]) =>
    typeof fault === "function" ? [] : [{ tick: `X: ${name}`, x: fault }],
  ),
  { tick: "X: serverError", x: xFaults.serverError(503, true) },
  { tick: "X: reset", x: { kind: "reset" } },
  { tick: "X: cut body", x: { kind: "cut-body", afterBytes: 6 } },
  { tick: "X repeats the token", x: { kind: "answer", done: false, status: 403, body: echo } },
  { tick: "X repeats the token in HTML", x: { kind: "answer", done: false, status: 503, body: `<p>${accessToken}` } },
  { tick: "the model repeats the key", model: { kind: "error", status: 401, message: `Bad key ${modelKey}` } },
  {
    tick: "the model writes the key",
    model: { kind: "texts", texts: [`The key is ${modelKey}`] },
  },
  { tick: "the ledger is down", ledger: "open_tick" },
  { tick: "the report is refused", ledger: "close_tick" },
];

test.for(faults)("no secret shows after: $tick", async ({ x, model, ledger }) => {
  const stage = await open({ clients: [id] });
  const { services, tick } = stage;
  services.faults.x = ({ method }) => (method === "POST" ? x : undefined);
  services.faults.model = () => model;
  if (ledger !== undefined) services.ledger.fault(ledger, "unavailable");
  const { stdout, stderr } = await tick(0, { environment: actions.environment() });
  services.ledger.fault(ledger ?? "");

  const { said, masked } = splitMasks(stderr);
  const secrets = secretsOf(stage);
  const early = ledger === "open_tick" ? secrets.filter((secret) => !secret.includes(id)) : secrets;
  expect(masked).toEqual(expect.arrayContaining([...early]));
  const places = {
    stdout,
    stderr: said,
    summary: await actions.summary(),
    outputs: await actions.outputs(),
    ledger: await dump(services),
    files: await filesOf(stage.workspace.root),
  };
  expect(places.summary).not.toBe("");
  expectNoSecret(places, stage);
});

test.for<{ what: string; args?: readonly string[]; x?: Fault; model?: ModelFault }>([
  { what: "X repeats the token", x: { kind: "answer", done: false, status: 403, body: echo } },
  { what: "X repeats the token and is down", x: { kind: "answer", done: false, status: 503, body: echo } },
  {
    what: "the model's server repeats the key in every field",
    model: { kind: "error", status: 400, message: modelKey, code: modelKey, type: modelKey, param: modelKey },
  },
  { what: "nothing is to be sent", args: ["--dry-run"] },
])("outside GitHub Actions, in words, no secret shows when $what", async ({ args = [], x, model }) => {
  const stage = await open({ clients: [id] });
  const { services, workspace } = stage;
  services.faults.x = ({ method }) => (method === "POST" ? x : undefined);
  services.faults.model = () => model;
  const environment = { ...services.environment, OPENAI_API_KEY: modelKey };
  const argv = ["run", ...args, "--root", workspace.root];
  const { stdout, stderr } = await runInProcess(argv, { environment, clock: () => new Date("2026-11-21T09:04:00Z") });
  const places = { stdout, stderr, files: await filesOf(workspace.root), ledger: await dump(services) };
  expect(stdout).toContain(id);
  expect(places.files).toContain("summary.md");
  expectNoSecret(places, stage);
});
