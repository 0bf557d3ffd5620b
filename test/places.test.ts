import { expect, test } from "vitest";
import { openPlaces } from "../src/places.ts";

test("work waits for a place, and gets it in the order in which it was asked", async () => {
  const places = openPlaces(2);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const done = [1, 2, 3, 4].map((number) =>
    places(() => {
      began.push(number);
      return new Promise<void>((resolve) => ends.push(resolve));
    }),
  );
  await Promise.resolve();
  expect(began).toEqual([1, 2]);
  ends[1]?.();
  await done[1];
  await Promise.resolve();
  expect(began).toEqual([1, 2, 3]);
  ends[0]?.();
  await done[0];
  await Promise.resolve();
  expect(began).toEqual([1, 2, 3, 4]);
});

test("a place is free again after work that failed, and its failure is the caller's", async () => {
  const places = openPlaces(1);
  await expect(places(() => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
  expect(await places(async () => "next")).toBe("next");
});
