import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, readdir, stat, symlink } from "node:fs/promises";
import { basename, join, matchesGlob } from "node:path";
import { promisify } from "node:util";

const repository = join(import.meta.dirname, "../..");

/** Where one job works, and what the jobs of a run share. */
export interface ActionScene {
  /** The folder of this job: empty before the checkout. */
  directory: string;
  /** A folder for each artifact of the run. */
  artifacts: string;
  /** Holds clients/ and prompts/ as they are at the tip of the branch. */
  commit: string;
  /** The commit of the trigger, where it is another: the one that is checked out unless the step names a ref. */
  triggerSha?: string;
}

type Inputs = Readonly<Record<string, unknown>>;

/** Local stand-ins for the actions in use; what they must do is what their own pages say. @throws where they would fail. */
const standIns: Readonly<Record<string, (inputs: Inputs, scene: ActionScene) => Promise<void>>> = {
  /** The program as links: nothing in a job writes to it. The users' files as copies, since links out of a checkout are refused. */
  "actions/checkout": async ({ ref }, { directory, commit, triggerSha }) => {
    for (const name of ["package.json", "package-lock.json", "tsconfig.json", "src", "schemas", "node_modules"])
      await symlink(join(repository, name), join(directory, name));
    // `.git` where the test's commit has a history to compare with.
    for (const name of ["clients", "prompts", ".git"]) {
      if (existsSync(join(commit, name))) await cp(join(commit, name), join(directory, name), { recursive: true });
    }
    const wanted = ref || triggerSha;
    if (wanted) await promisify(execFile)("git", ["-C", directory, "checkout", "--quiet", "--detach", String(wanted)]);
  },
  /** npm scripts run on the Node that is installed with the packages. */
  "actions/setup-node": async () => {},
  "actions/upload-artifact": async (inputs, { directory, artifacts }) => {
    const [name, file] = [String(inputs.name), String(inputs.path)];
    const found = await stat(join(directory, file)).catch(() => undefined);
    if (found === undefined) {
      if (inputs["if-no-files-found"] === "error") throw new Error(`no files were found with the path ${file}`);
      return;
    }
    const target = join(artifacts, name);
    if ((await readdir(artifacts)).includes(name) && inputs.overwrite !== true) {
      throw new Error(`an artifact with this name already exists: ${name}`);
    }
    // An artifact holds what is in a folder, and a file by its own name.
    const within = found.isDirectory() ? target : join(target, basename(file));
    await cp(join(directory, file), within, { recursive: true });
  },
  "actions/download-artifact": async (inputs, { directory, artifacts }) => {
    const all = await readdir(artifacts);
    if (inputs.name !== undefined) {
      const name = String(inputs.name);
      if (!all.includes(name)) throw new Error(`no artifact has the name ${name}`);
      await cp(join(artifacts, name), join(directory, String(inputs.path)), { recursive: true });
      return;
    }
    const names = all.filter((name) => matchesGlob(name, String(inputs.pattern)));
    for (const name of names) {
      const target = join(directory, String(inputs.path), inputs["merge-multiple"] === true ? "" : name);
      await cp(join(artifacts, name), target, { recursive: true });
    }
  },
};

/** Does what an action would do, with the inputs of its step. */
export async function standIn(uses: string, inputs: Inputs, scene: ActionScene): Promise<void> {
  const act = standIns[uses.split("@")[0] ?? ""];
  if (act === undefined) throw new Error(`there is no stand-in for ${uses}`);
  await act(inputs, scene);
}
