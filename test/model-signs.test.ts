import { expect, test } from "vitest";
import { type FailureKind, PostingError } from "../src/errors.ts";
import { type Hearing, heard, modelSigns } from "../src/model-signs.ts";
import type { Completion } from "../src/ports.ts";

const usage = { inputTokens: 1, cachedTokens: 0, outputTokens: 1 };
const answers: readonly Completion[] = [
  { kind: "texts", texts: ["one"], usage },
  { kind: "refused", reason: "no", usage },
];

test.for(answers)("an answer of the kind $kind is an answer, also after a failure", async (answer) => {
  const hearing: Hearing = { answered: false };
  await expect(heard(Promise.reject(new PostingError("unavailable", "gone")), hearing)).rejects.toThrow("gone");
  expect(await heard(Promise.resolve(answer), hearing)).toBe(answer);
  expect(modelSigns(hearing)).toEqual({ modelAnswered: true });
});

test.for<{ kind: FailureKind; counts: boolean }>([
  { kind: "unavailable", counts: true },
  { kind: "outcome-unknown", counts: true },
  { kind: "config", counts: true },
  { kind: "out-of-credit", counts: true },
  { kind: "rate-limited", counts: false },
  { kind: "rejected", counts: false },
])("a model that fails as $kind counts against the models: $counts", async ({ kind, counts }) => {
  const hearing: Hearing = { answered: false };
  await expect(heard(Promise.reject(new PostingError(kind, "it said 500")), hearing)).rejects.toMatchObject({ kind });
  const { strikes } = modelSigns(hearing);
  if (counts) {
    expect(strikes).toMatchObject([
      { scope: "model", severalClients: true, reason: expect.stringContaining("(it said 500)") },
    ]);
  } else expect(strikes).toBeUndefined();
});

test("a bug is no silence, and models that nobody asked give no sign", async () => {
  const hearing: Hearing = { answered: false };
  await expect(heard(Promise.reject(new TypeError("a bug")), hearing)).rejects.toThrow(TypeError);
  expect(modelSigns(hearing)).toEqual({});
});
