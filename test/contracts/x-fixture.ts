import { onTestFinished } from "vitest";
import type { Clock, XAccount, XCredentials } from "../../src/ports.ts";
import { sandboxCredentials } from "../../src/sandbox/x-accounts.ts";
import { startXSandbox, type XSandbox, type XSandboxOptions } from "../../src/sandbox/x-server.ts";
import { openXAccount } from "../../src/vendors/x.ts";

export const acme = { id: "acme", xUserId: "1001", handle: "acme" };
export const bolt = { id: "bolt", xUserId: "1002", handle: "bolt" };
export const noon = new Date("2026-11-21T12:00:00Z");

/** For an X that never answers: a request arrives within it on a busy machine too, and the wait is not long. */
export const hangDeadlineMs = 2000;

/** A clock that stands still until it is moved. */
export function movableClock(start: Date = noon): Clock & { advance(seconds: number): void } {
  let now = start;
  const advance = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1000);
  };
  return Object.assign(() => now, { advance });
}

export interface OpenedX {
  x: XSandbox;
  account: XAccount;
  clock: ReturnType<typeof movableClock>;
  open(credentials: XCredentials, sendDeadlineMs?: number): XAccount;
}

/** A sandbox and an account on it through the real client library over HTTP; closed with the test. */
export async function openX(options: Partial<XSandboxOptions> & { sendDeadlineMs?: number } = {}): Promise<OpenedX> {
  const clock = movableClock();
  const { sendDeadlineMs = 30_000, ...sandbox } = options;
  const x = await startXSandbox({ clock, ...sandbox });
  onTestFinished(() => x.close());
  const open = (credentials: XCredentials, deadline = sendDeadlineMs) =>
    openXAccount({ credentials, apiUrl: x.url, sendDeadlineMs: deadline, clock });
  return { x, account: open(sandboxCredentials(acme)), clock, open };
}
