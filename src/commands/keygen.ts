import { writeFile } from "node:fs/promises";
import { UserError } from "../errors.ts";
import { newIdentity } from "../vendors/age.ts";

/**
 * Makes a key pair and returns what to print. Without `out` that is an identity file as `age-keygen` prints it, so that
 * it can be piped; with `out` the secret goes to that file alone.
 * @throws UserError when the file exists: the key in it may be the only one that opens what is sealed.
 */
export async function runKeygen({ out }: { out?: string }): Promise<string> {
  const { identity, recipient } = await newIdentity();
  if (out === undefined) {
    return [
      ...explain(recipient, "the line that begins with AGE-SECRET-KEY-1").map((line) => `# ${line}`),
      `# public key: ${recipient}`,
      identity,
    ].join("\n");
  }
  await writeSecret(out, `# public key: ${recipient}\n${identity}\n`);
  return [recipient, "", ...explain(recipient, `the content of ${out}`)].join("\n");
}

function explain(recipient: string, secret: string): string[] {
  return [
    "The recipient is public. Write it into clients/_defaults.yaml:",
    `  recipient: ${recipient}`,
    `The identity is secret. Store ${secret} as the GitHub secret CLARA_IDENTITY`,
    "and a copy where your team keeps its passwords; never commit it. Without it nothing sealed can be opened.",
  ];
}

async function writeSecret(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new UserError(`${path} exists already and is left as it is (choose another name)`);
    throw new UserError(`${path} can't be written (${code})`);
  }
}
