import { execFile, execFileSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach } from "vitest";
import { type GithubApi, startGithubApi } from "../support/github-api.ts";
import { runWorkflow, type WorkflowRun } from "../support/workflow-run.ts";

export const repository = "acme/clara";

/** A checkout of the shipped clients with its history, and GitHub's API beside it. */
export interface RequestStage {
  /** Holds clients/ and prompts/. */
  root: string;
  github: GithubApi;
  /** Artifacts that the run finds, as those of another run. */
  artifacts: string;
  git(...args: string[]): Promise<string>;
  run(file: string, event: object): Promise<WorkflowRun>;
}

const npm = execFileSync("bash", ["-c", "command -v npm"]).toString().trim();
/** The packages are installed already; everything else goes to the real npm. */
const npmScript = `#!/bin/bash\nif [[ "$1" == ci ]]; then exit 0; fi\nexec '${npm}' "$@"\n`;

/** A stage for each test of the file that calls this. */
export function requestStages(): (answers: Readonly<Record<string, unknown>>) => Promise<RequestStage> {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return async (answers) => {
    const directory = await mkdtemp(join(tmpdir(), "clara-requests-"));
    closers.push(() => rm(directory, { recursive: true }));
    const root = join(directory, "commit");
    for (const folder of ["clients", "prompts", "schemas"]) {
      await cp(join(import.meta.dirname, "../..", folder), join(root, folder), { recursive: true });
    }
    const person = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    const git = async (...args: string[]) =>
      (await promisify(execFile)("git", ["-C", root, ...person, ...args])).stdout.trim();
    await git("init", "--quiet");
    await git("add", ".");
    await git("commit", "--quiet", "-m", "base");
    const github = await startGithubApi(repository, answers);
    closers.push(github.close);
    const bin = join(directory, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "npm"), npmScript);
    await chmod(join(bin, "npm"), 0o755);
    return {
      root,
      github,
      artifacts: join(directory, "artifacts"),
      git,
      run: (file, event) =>
        runWorkflow({
          file,
          contexts: {
            github: { repository, token: "token-of-the-job", ...event },
            inputs: {},
            secrets: {},
            vars: {},
          },
          directory,
          commit: root,
          machine: {
            PATH: `${bin}:${process.env.PATH}`,
            HOME: directory,
            GITHUB_ACTIONS: "true",
            GITHUB_API_URL: github.url,
            GITHUB_REPOSITORY: repository,
            GITHUB_RUN_ID: "1000",
            GITHUB_RUN_ATTEMPT: "1",
            GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
          },
        }),
    };
  };
}
