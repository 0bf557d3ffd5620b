import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { askHidden, type Question } from "../../src/commands/ask-hidden.ts";
import { UserError } from "../../src/errors.ts";

const questions: readonly Question[] = [
  { name: "token", ask: "Token" },
  { name: "key", ask: "Key", isOptional: true },
  { name: "secret", ask: "Secret", onlyAfter: "key" },
];

/** What was answered and what stood on the screen, when these keys are pressed. */
async function type(keys: string | null) {
  const input = new PassThrough();
  const output = new PassThrough();
  const shown = text(output);
  if (keys === null) input.end();
  else input.write(keys);
  const answers = await askHidden(questions, { input, output }).finally(() => output.end());
  return { answers, shown: await shown };
}

test("answers are taken line by line and never shown", async () => {
  const { answers, shown } = await type("aaa\rbbb\rccc\r");
  expect(answers).toEqual({ token: "aaa", key: "bbb", secret: "ccc" });
  expect(shown).toBe("Token: \nKey: \nSecret: \n");
});

test("several lines pasted at once answer several questions, and spaces around them are dropped", async () => {
  expect((await type("  aaa \nbbb\nccc\n")).answers).toEqual({ token: "aaa", key: "bbb", secret: "ccc" });
});

test("an optional answer may be left out, and what belongs to it is not asked", async () => {
  const { answers, shown } = await type("aaa\r\r");
  expect(answers).toEqual({ token: "aaa" });
  expect(shown).toBe("Token: \nKey: \n");
});

test("a needed answer is asked for again", async () => {
  const { answers, shown } = await type("\raaa\r\r");
  expect(answers).toEqual({ token: "aaa" });
  expect(shown).toBe("Token: \nThis one is needed.\nToken: \nKey: \n");
});

test("what was mistyped can be corrected", async () => {
  expect((await type("aax\x7fa\r\r")).answers).toEqual({ token: "aaa" });
});

test.for([
  { what: "Ctrl-C", keys: "aaa\rbb\x03" },
  { what: "Ctrl-D", keys: "aaa\r\x04" },
  { what: "the end of the terminal", keys: null },
])("$what stops it, and nothing was answered", async ({ keys }) => {
  await expect(type(keys)).rejects.toThrow(new UserError("stopped; nothing was written"));
});
