import { counted } from "../../record/format.ts";
import type { Check } from "./verdict.ts";

/** 8. No secret stands in a log line, a summary or a row of the ledger. */
export const checkIsolation: Check = ({ watch, leakingTables, rows }) => ({
  looked: "lines of logs and summaries, and rows of the ledger",
  cases: watch.lines + rows,
  broken: [...watch.leaks, ...leakingTables.map((table) => `the ledger's table ${table} holds a secret`)],
});

/** 9. Nothing in a log or a summary commands the runner, repaints a terminal, is markup or notifies anybody. */
export const checkUntrusted: Check = ({ watch }) => ({
  looked: `lines of logs and ${counted(watch.summaries, "summary").replace("summarys", "summaries")}, after ${counted(watch.hostile, "hostile answer")}`,
  cases: watch.lines,
  broken: watch.unescaped,
});
