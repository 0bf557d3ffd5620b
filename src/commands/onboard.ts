import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assembleWorkspace } from "../clients/assemble.ts";
import { readFiles } from "../clients/read-files.ts";
import { UserError } from "../errors.ts";
import { makeClient, type NewClient } from "../onboard/client-file.ts";
import { readForm } from "../onboard/form.ts";
import { reasonOf, refusalComment, requestBody } from "../onboard/request.ts";
import { printable, visible } from "../record/visible.ts";
import { type Context, jsonLine } from "./context.ts";

/**
 * Writes a client's file from the text of an issue form. Exits 1 and writes no client when the form can't become one.
 * With `--out` the pull request's text, or the comment that says why not, is written for other jobs.
 */
export async function onboard(context: Context): Promise<number> {
  const { root, flags } = context.arguments;
  if (typeof flags.form !== "string") throw new UserError("onboard needs --form FILE, the text of the issue", 2);
  const body = await readFile(flags.form, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${flags.form} cannot be read (${error.code})`, 2);
  });
  const made = await fromForm(body, root);
  if ("reasons" in made) {
    await writeOut(flags.out, "comment.md", refusalComment(made.reasons));
    await context.host?.setOutputs({ client: "" });
    context.write(context.arguments.json ? jsonLine(made) : reasonLines(made.reasons));
    return 1;
  }
  // Never over a file that is there.
  await writeFile(join(root, made.path), made.text, { flag: "wx" });
  await writeOut(flags.out, made.path, made.text);
  await writeOut(flags.out, "body.md", requestBody(made));
  await context.host?.setOutputs({ client: made.id });
  context.write(context.arguments.json ? jsonLine({ client: made.id, file: made.path }) : `Wrote ${made.path}.\n`);
  return 0;
}

async function fromForm(body: string, root: string): Promise<NewClient | { reasons: readonly string[] }> {
  const form = readForm(body);
  if ("problems" in form) return { reasons: form.problems };
  const files = readFiles(root);
  const made = makeClient(form.answers, { files, workspace: assembleWorkspace(files) });
  if ("refused" in made) return { reasons: [made.refused] };
  const errors = made.problems.filter(({ severity }) => severity === "error");
  return errors.length > 0 ? { reasons: errors.map(reasonOf) } : made;
}

async function writeOut(out: string | boolean | undefined, name: string, text: string): Promise<void> {
  if (typeof out !== "string") return;
  await mkdir(dirname(join(out, name)), { recursive: true });
  await writeFile(join(out, name), text);
}

function reasonLines(reasons: readonly string[]): string {
  return `${reasons.map((reason) => printable(visible(reason))).join("\n")}\n`;
}
