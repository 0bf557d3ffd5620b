import { createServer, type ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { connectInProcess, fetchInProcess } from "../../src/sandbox/in-process.ts";

/** A server that no port leads to. */
function reach(answer: (response: ServerResponse, body: string, url: string | undefined) => void): typeof fetch {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(response, Buffer.concat(chunks).toString(), request.url);
  });
  return fetchInProcess(() => connectInProcess(server));
}

test("a request and its answer pass whole, with method, path, headers and body", async () => {
  const fetch = reach((response, body, url) => {
    response.setHeader("x-seen", url ?? "");
    response.statusCode = 201;
    response.end(body.toUpperCase());
  });
  const answer = await fetch("http://nowhere.sandbox/a?b=c", { method: "POST", body: "x".repeat(100_000) });
  expect([answer.status, answer.headers.get("x-seen")]).toEqual([201, "/a?b=c"]);
  expect(await answer.text()).toBe("X".repeat(100_000));
});

test("a connection that ends before the answer is a failed fetch, with the system's code", async () => {
  const fetch = reach((response) => response.socket?.destroy());
  await expect(fetch("http://nowhere.sandbox/")).rejects.toMatchObject({
    message: "fetch failed",
    cause: { code: "ECONNRESET" },
  });
});

test("a body that breaks off arrives as far as it came, and then fails", async () => {
  const fetch = reach((response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  });
  const answer = await fetch("http://nowhere.sandbox/");
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow();
});
