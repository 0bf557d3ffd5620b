import { createHash } from "node:crypto";

/** Draws that depend on the seed and on what is drawn for, never on the order in which they are made. */
export interface Draws {
  /** In [0, 1), the same for the same seed and words. */
  unit(...words: readonly (string | number)[]): number;
  /** True with a probability. */
  chance(probability: number, ...words: readonly (string | number)[]): boolean;
  /** A whole number in [least, most]. */
  between(range: readonly [least: number, most: number], ...words: readonly (string | number)[]): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly [T, ...T[]], ...words: readonly (string | number)[]): T;
}

/** Draws of one seed. */
export function seededDraws(seed: string): Draws {
  const unit: Draws["unit"] = (...words) =>
    createHash("sha256")
      .update([seed, ...words].join("\u0000"))
      .digest()
      .readUIntBE(0, 6) /
    2 ** 48;
  return {
    unit,
    chance: (probability, ...words) => probability > 0 && unit(...words) < probability,
    between: ([least, most], ...words) => least + Math.floor(unit(...words) * (most - least + 1)),
    pick: (list, ...words) => list[Math.floor(unit(...words) * list.length)] ?? list[0],
  };
}
