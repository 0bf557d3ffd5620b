import { expect, test } from "vitest";
import { tellWarningsOnce } from "../../src/record/repeats.ts";

function keptLog() {
  const kept: unknown[] = [];
  const keep = (event: string, fields?: object) => void kept.push([event, fields]);
  return { kept, log: tellWarningsOnce({ warn: keep, info: keep }) };
}

test("warnings that differ in their slot only are written three times, and the third says so", () => {
  const { kept, log } = keptLog();
  for (let slot = 0; slot < 1000; slot += 1) log.warn("no text", { slot: `c${slot}/1`, troubles: ["503"] });
  expect(kept).toEqual([
    ["no text", { slot: "c0/1", troubles: ["503"] }],
    ["no text", { slot: "c1/1", troubles: ["503"] }],
    ["no text", { slot: "c2/1", troubles: ["503"], more: "others like this are not shown" }],
  ]);
});

test("a warning with another event or another field is written, and so is everything that is no warning", () => {
  const { kept, log } = keptLog();
  for (let time = 0; time < 5; time += 1) log.warn("no text");
  log.warn("no limiter");
  log.warn("no text", { troubles: ["401"] });
  for (let time = 0; time < 5; time += 1) log.info("hello");
  expect(kept).toHaveLength(3 + 2 + 5);
});
