import { expect, test } from "vitest";
import { positionAt, positionOf } from "../../src/clients/position.ts";

const text = `name: &who Acme
schedule:
  times: ["09:00", "17:30"]
empty:
posts:
  - prompt: tip
    weight: 2
again: *who
5: five
`;

test.for([
  { path: [], expected: [1, 1] },
  { path: ["name"], expected: [1, 12] },
  { path: ["schedule"], expected: [3, 3] },
  { path: ["schedule", "times", 1], expected: [3, 20] },
  { path: ["empty"], expected: [4, 1] },
  { path: ["posts", 0, "weight"], expected: [7, 13] },
  { path: ["again"], expected: [8, 8] },
  { path: [5], expected: [9, 4] },
  { path: ["schedule", "jitter"], expected: [3, 3] },
  { path: ["posts", 7, "weight"], expected: [6, 3] },
  { path: ["name", "first"], expected: [1, 12] },
  { path: ["nowhere"], expected: [1, 1] },
])("$path stands at $expected", ({ path, expected }) => {
  const { line, column } = positionOf(text, path);
  expect([line, column]).toEqual(expected);
});

test("a field inside a repeated mapping is found where it is written", () => {
  expect(positionOf("a: &a { x: 1 }\nb: *a\n", ["b", "x"])).toEqual({ line: 1, column: 12 });
});

test("in a text that is not YAML the position is that of the error", () => {
  expect(positionOf("a: [\nb: 1\n", ["b"]).line).toBeGreaterThan(1);
});

test.for([
  { offset: 0, line: 1, column: 1 },
  { offset: 2, line: 1, column: 3 },
  { offset: 3, line: 2, column: 1 },
  { offset: 4, line: 3, column: 1 },
  { offset: 6, line: 3, column: 3 },
])("offset $offset of a short text is line $line, column $column", ({ offset, line, column }) => {
  expect(positionAt("ab\n\ncd", offset)).toEqual({ line, column });
});
