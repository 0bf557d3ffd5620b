import { expect } from "vitest";
import { type LogLevel, openLog } from "../../src/vendors/log.ts";

interface Opened {
  isTTY?: boolean;
  level?: LogLevel;
  secrets?: readonly string[];
  folds?: boolean;
}

export function open({ isTTY = false, ...options }: Opened = {}) {
  const written: string[] = [];
  const log = openLog({ stream: { isTTY, write: (text) => written.push(text) }, ...options });
  return { log, lines: () => written.join("").split("\n").slice(0, -1) };
}

/** The line without its time and level. */
export const said = (line: string | undefined) => line?.replace(/^\S+ \w+ +/, "");

export function logged(fields: Record<string, unknown>, secrets: readonly string[] = []): string | undefined {
  const { log, lines } = open({ secrets });
  log.info("event", fields);
  expect(lines()).toHaveLength(1);
  return said(lines()[0]);
}
