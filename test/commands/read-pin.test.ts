import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { readPin } from "../../src/commands/read-pin.ts";
import { UserError } from "../../src/errors.ts";

async function read(typed: string | null, { isTTY = false, stopping = new AbortController().signal } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  const shown = text(output);
  if (typed === null) input.end();
  else input.write(typed);
  const pin = await readPin({ input, output }, stopping).finally(() => output.end());
  return { pin, shown: await shown };
}

test.for([
  { when: "a pipe", isTTY: false, typed: "1234567\nrest\n", shown: "" },
  { when: "a pipe from Windows", isTTY: false, typed: " 123 4567 \r\n", shown: "" },
  { when: "a terminal", isTTY: true, typed: "1234567\r", shown: "PIN (not shown while you type): \n" },
])("the PIN is read from $when and never shown", async ({ isTTY, typed, shown }) => {
  expect(await read(typed, { isTTY })).toEqual({ pin: "1234567", shown });
});

test.for(["", "\n", "12\n", "no pin\u001b[2J\n", `${"1".repeat(33)}\n`])(
  "%j is no PIN and is not repeated",
  async (typed) => {
    const error: unknown = await read(typed === "" ? null : typed).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe(
      "this is no PIN: it is the number that X shows after you authorised the app; nothing was written",
    );
  },
);

test("Ctrl-C at the terminal stops it", async () => {
  await expect(read("12\x03", { isTTY: true })).rejects.toThrow(new UserError("stopped; nothing was written"));
});

test("a stop while the pipe is silent ends the wait", async () => {
  const stop = new AbortController();
  const reading = readPin({ input: new PassThrough(), output: new PassThrough() }, stop.signal);
  setTimeout(() => stop.abort(), 10);
  await expect(reading).rejects.toThrow(new UserError("stopped; nothing was written"));
});
