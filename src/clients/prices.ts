import type { ModelPrice, Prices } from "../terms.ts";
import { isDate } from "./duration.ts";
import type { PricesFile } from "./files.ts";
import { type Finding, fault, type Path } from "./finding.ts";

/** Prices as the stages use them. */
export function normalisePrices({ models, x }: PricesFile): Prices {
  const entries = Object.entries(models).map(([name, { input, cached, output, checked }]): [string, ModelPrice] => [
    name,
    { inputUsd: input, cachedUsd: cached, outputUsd: output, checked },
  ]);
  return {
    models: new Map(entries),
    x: {
      postUsd: x.post.usd,
      postWithUrlUsd: x.post_with_url.usd,
      readPostUsd: x.read_post.usd,
      readUserUsd: x.read_user.usd,
    },
  };
}

/** What is wrong in the price file beyond its schema: days of a check that never were. */
export function priceFileFindings({ models, x }: PricesFile): readonly Finding[] {
  const checks: [Path, string][] = [
    ...Object.entries(models).map(([name, price]): [Path, string] => [["models", name, "checked"], price.checked]),
    ...Object.entries(x).map(([name, price]): [Path, string] => [["x", name, "checked"], price.checked]),
  ];
  return checks
    .filter(([, date]) => !isDate(date))
    .map(([path, date]) => fault(path, `the date ${date} does not exist`, "write a day of the calendar as YYYY-MM-DD"));
}
