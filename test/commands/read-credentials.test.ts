import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCredentials } from "../../src/commands/read-credentials.ts";
import { UserError } from "../../src/errors.ts";

function fromPipe(content: string | Uint8Array) {
  return readCredentials({ input: Readable.from([content], { objectMode: false }), output: new PassThrough() });
}

describe("from a pipe", () => {
  test("the credentials are read as JSON", async () => {
    expect(await fromPipe('{"access_token": "a", "access_secret": "ü"}\n')).toEqual({
      access_token: "a",
      access_secret: "ü",
    });
  });

  test("a character that two chunks share and a byte order mark do no harm", async () => {
    const bytes = Buffer.from('\ufeff{"a": "ü"}');
    const input = Readable.from([bytes.subarray(0, -4), bytes.subarray(-4, -3), bytes.subarray(-3)]);
    expect(await readCredentials({ input, output: new PassThrough() })).toEqual({ a: "ü" });
  });

  test("what is not JSON is refused without being quoted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[a-z0-9]{12,30}$/), async (secret) => {
        const error: unknown = await fromPipe(`{"access_token": ${secret}`).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UserError);
        expect(`${(error as Error).stack} ${String((error as Error).cause)}`).not.toContain(secret);
      }),
      { numRuns: 20 },
    );
  });

  test("a file that can't be meant is not read to its end", async () => {
    let chunks = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          chunks += 1;
          yield "x".repeat(10_000);
        }
      })(),
    );
    const reading = readCredentials({ input: endless, output: new PassThrough() });
    await expect(reading).rejects.toThrow(new UserError("standard input is too long for a client's credentials"));
    expect(chunks).toBeLessThan(40);
  });
});

describe("at a terminal", () => {
  async function answer(keys: string) {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    const shown = text(output);
    input.write(keys);
    const answers = await readCredentials({ input, output }).finally(() => output.end());
    return { answers, questions: (await shown).trimEnd().split("\n").length };
  }

  test("a client of the shared app needs two secrets", async () => {
    expect(await answer("token\rsecret\r\r\r")).toEqual({
      answers: { access_token: "token", access_secret: "secret" },
      questions: 4,
    });
  });

  test("a client with its own app and model key has five", async () => {
    expect(await answer("token\rsecret\rkey\rshh\rsk\r")).toEqual({
      answers: {
        access_token: "token",
        access_secret: "secret",
        app_key: "key",
        app_secret: "shh",
        openai_api_key: "sk",
      },
      questions: 5,
    });
  });
});
