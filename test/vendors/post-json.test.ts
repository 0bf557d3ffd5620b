import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { postJson } from "../../src/vendors/post-json.ts";

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function start(
  answer: RequestListener,
  create: (answer: RequestListener) => Server = createServer,
): Promise<URL> {
  server = create(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const protocol = create === createServer ? "http" : "https";
  return new URL(`${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}/path?x=1`);
}

const post = (url: URL, signal = AbortSignal.timeout(5000)) =>
  postJson(url, { body: { a: "€" }, headers: { apikey: "k" }, signal });

test("the document, its headers and its path arrive, and the answer comes back", async () => {
  const url = await start(async (request, response) => {
    const { method, url: path, headers } = request;
    response.end(
      JSON.stringify({ method, path, type: headers["content-type"], key: headers.apikey, body: await text(request) }),
    );
  });
  expect(await post(url)).toEqual({
    data: { method: "POST", path: "/path?x=1", type: "application/json", key: "k", body: '{"a":"€"}' },
    error: null,
    status: 200,
  });
});

test.for([
  { what: "no content", status: 204, body: "", expected: { data: null, error: null } },
  {
    what: "a page with status 200",
    status: 200,
    body: "<html>",
    expected: { error: { message: "the answer is not JSON" } },
  },
  {
    what: "an error in JSON",
    status: 400,
    body: '{"code":"P1","message":"m"}',
    expected: { error: { code: "P1", message: "m" } },
  },
  { what: "an error in HTML", status: 502, body: "<html>", expected: { error: { message: "<html>" } } },
  { what: "an error that is null", status: 500, body: "null", expected: { error: { message: "null" } } },
  {
    what: "an error with other types",
    status: 500,
    body: '{"code":5,"message":[]}',
    expected: { error: { message: '{"code":5,"message":[]}' } },
  },
  { what: "a redirection", status: 301, body: "", expected: { error: { message: "" } } },
])("$what is told by its status and its words", async ({ status, body, expected }) => {
  const url = await start((_request, response) => response.writeHead(status).end(body));
  expect(await post(url)).toEqual({ data: null, status, ...expected });
});

test("a body that is cut off is no answer", async () => {
  const url = await start((_request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write('{"half":', () => response.destroy());
  });
  expect(await post(url)).toMatchObject({ data: null, status: 0 });
});

test("a body that never ends is no answer at the deadline", async () => {
  const url = await start((_request, response) => response.write('{"half":'));
  const answer = await post(url, AbortSignal.timeout(100));
  expect(answer).toMatchObject({ data: null, status: 0 });
});

test("an address of https is asked over TLS, and a certificate that nobody knows is refused", async () => {
  let asked = 0;
  const url = await start(
    () => {
      asked += 1;
    },
    (answer) => createSecureServer({}, answer),
  );
  expect(await post(url)).toMatchObject({
    data: null,
    status: 0,
    error: { message: expect.stringMatching(/SSL|TLS|EPROTO/i) },
  });
  expect(asked).toBe(0);
});
