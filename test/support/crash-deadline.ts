/** Milliseconds. Longer than any answer on loopback takes, on a busy machine too. */
const deadlineMs = 2_500;

/**
 * Runs before the program: a request to X that has a deadline has this one. Only X is asked by way of `node:https`, and a
 * request without a deadline would still wait for ever.
 */
const preload = `
  import https from "node:https";
  import { syncBuiltinESMExports } from "node:module";
  const { request } = https;
  https.request = (options, ...rest) =>
    request({ ...options, ...(options.signal && { signal: AbortSignal.timeout(${deadlineMs}) }) }, ...rest);
  syncBuiltinESMExports();
`;

/** Variables that make a process wait for X no longer than a test can. */
export const shortDeadline: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}`,
};
