/** The promises of the design, by their numbers. */
export const promises = {
  1: "never twice",
  2: "never silently lost",
  3: "right account",
  4: "right time",
  5: "right price",
  6: "fail closed",
  7: "one text per slot",
  8: "isolation",
  9: "untrusted text stays text",
  10: "a receipt for every post",
} as const;

/** One line of the product, changed so that a promise no longer holds, and the test that must notice. */
export interface Mutation {
  promise: keyof typeof promises;
  /** What the changed line does, in words. */
  breaks: string;
  file: string;
  /** The whole line without the spaces around it; it must stand in the file exactly once. */
  line: string;
  becomes: string;
  testFile: string;
  /** Part of the names of the tests of which one at least must fail; it may not reach from a group's title into a test's. */
  test: string;
  /** How the failure begins where it is not one of vitest's own expectations. */
  failure?: string;
}

/** The text with the mutation's line replaced, or why that cannot be done. */
export function applyMutation(
  text: string,
  { line, becomes }: Pick<Mutation, "line" | "becomes">,
): { text: string } | { refused: string } {
  if (line.trim() === becomes.trim()) return { refused: "the mutation changes nothing" };
  const lines = text.split("\n");
  const places = lines.flatMap((each, index) => (each.trim() === line ? [index] : []));
  const [place] = places;
  if (place === undefined) return { refused: "the line is not there any more: change the mutation with the code" };
  if (places.length > 1) return { refused: `the line stands there ${places.length} times: choose one that is unique` };
  return { text: lines.map((each, index) => (index === place ? each.replace(line, () => becomes) : each)).join("\n") };
}
