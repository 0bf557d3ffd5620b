import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { applyMutation, promises } from "./mutation.ts";
import { mutations } from "./mutations.ts";

const text = "if (a) {\n  send();\n}\nif (b) {\n  wait();\n  wait();\n}\n";

test("the line is replaced where it stands, and everything else stays", () => {
  expect(applyMutation(text, { line: "send();", becomes: "send($&, $1);" })).toEqual({
    text: text.replace("send();", () => "send($&, $1);"),
  });
});

test.for([
  { line: "gone();", becomes: "", says: "not there any more" },
  { line: "send()", becomes: "", says: "not there any more" },
  { line: "wait();", becomes: "", says: "stands there 2 times" },
  { line: "send();", becomes: " send(); ", says: "changes nothing" },
])("$line is refused: $says", ({ line, becomes, says }) => {
  expect(applyMutation(text, { line, becomes })).toEqual({ refused: expect.stringContaining(says) });
});

test.for(mutations)("$breaks: its line stands in the code and its test file exists", (mutation) => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, "../..", file), "utf8");
  expect(applyMutation(read(mutation.file), mutation)).toHaveProperty("text");
  expect(read(mutation.testFile)).not.toBe("");
});

test("every promise has two mutations at least", () => {
  for (const number of Object.keys(promises).map(Number)) {
    expect(mutations.filter(({ promise }) => promise === number).length, `promise ${number}`).toBeGreaterThan(1);
  }
});
