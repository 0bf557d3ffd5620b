import { execFile, spawnSync } from "node:child_process";

/**
 * Whether the `age` command can be used. CI installs it, and there its absence is a failure; on a user's machine the
 * tests against it are left out.
 */
export function hasAgeCommand(): boolean {
  const isThere = spawnSync("age", ["--version"]).status === 0;
  if (!isThere && process.env.CI) throw new Error("CI has to install age: the sealed blocks are compared with it");
  return isThere;
}

/** Runs `age` or `age-keygen` and returns what it prints. */
export function runAge(command: "age" | "age-keygen", args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args], (error, stdout) => (error ? reject(error) : resolve(stdout)));
    // A command that reads no input may end before it is written.
    child.stdin?.on("error", () => {}).end(input);
  });
}
