import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { PostingError } from "../../src/errors.ts";
import { readTickWorkflow } from "../../src/vendors/github.ts";

const token = "ghs_token-of-the-test";
let close = async () => {};
afterEach(() => close());

async function reading(listener: RequestListener, deadlineMs = 5000) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  close = async () => {
    server.closeAllConnections();
    server.close();
  };
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return readTickWorkflow({ apiUrl, repository: "a/b", token, deadlineMs });
}

const json =
  (runs: unknown, state: unknown = "active"): RequestListener =>
  (request, response) =>
    response.end(JSON.stringify(request.url?.includes("/runs") ? { workflow_runs: runs } : { state }));
const run = { created_at: "2026-11-21T08:53:00Z", conclusion: null, html_url: "https://github.com/a/b/actions/runs/1" };

test("the state and the latest run are read; a run that goes on has no conclusion yet", async () => {
  const latest = { startedAt: new Date("2026-11-21T08:53:00Z"), url: run.html_url };
  expect(await reading(json([run]))).toEqual({ state: "active", latest });
  expect(await reading(json([{ ...run, conclusion: "failure" }]))).toMatchObject({ latest: { conclusion: "failure" } });
  expect(await reading(json([]))).toEqual({ state: "active" });
});

const status =
  (code: number, headers = {}): RequestListener =>
  (request, response) =>
    response.writeHead(code, headers).end(`no: ${request.headers.authorization}`);

test.for<{ answer: string; listener: RequestListener; kind: string; deadlineMs?: number }>([
  { answer: "401", listener: status(401), kind: "config" },
  { answer: "404", listener: status(404), kind: "config" },
  { answer: "503", listener: status(503), kind: "unavailable" },
  { answer: "a redirect", listener: status(302, { location: "http://127.0.0.1:9/" }), kind: "config" },
  { answer: "no JSON", listener: (_, response) => response.end("<html>"), kind: "unavailable" },
  { answer: "no list of runs", listener: json("none"), kind: "unavailable" },
  { answer: "no state", listener: json([], 7), kind: "unavailable" },
  { answer: "a run without its start", listener: json([{ ...run, created_at: "soon" }]), kind: "unavailable" },
  { answer: "a closed connection", listener: (request) => request.socket.destroy(), kind: "unavailable" },
  { answer: "silence", listener: () => {}, kind: "unavailable", deadlineMs: 100 },
])("$answer is an error of the kind $kind that quotes nothing", async ({ listener, kind, deadlineMs }) => {
  const error: unknown = await reading(listener, deadlineMs).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PostingError);
  expect(error).toMatchObject({ kind });
  expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain(token);
});
