import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { versionedFiles } from "../src/code-version.ts";
import { type FileState, launch } from "../src/launch.ts";
import { relaunch } from "../src/relaunch.ts";
import { writeBundle } from "../src/vendors/bundle.ts";

/** A project of its own, with a command line that says what a test wants. */
const project = join(import.meta.dirname, "..");
let root: string;
let source: string;
let kept: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "clara-launch-"));
  source = join(root, "src");
  kept = join(root, "node_modules/.cache/clara");
  mkdirSync(join(root, "node_modules"));
  mkdirSync(join(source, "vendors"), { recursive: true });
  for (const file of ["main.ts", "launch.ts", "relaunch.ts", "code-version.ts", "vendors/bundle.ts"])
    cpSync(join(project, "src", file), join(source, file));
  for (const name of ["esbuild", "@esbuild", "yaml", "leven", "twitter-text"])
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  say("one");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function say(words: string, body = ""): void {
  writeFileSync(join(source, "words.ts"), `export const words: string = ${JSON.stringify(words)};`);
  const print = "process.stdout.write(words);";
  writeFileSync(
    join(source, "cli.ts"),
    `import { words } from "./words.ts";\nexport async function main(): Promise<number> { ${print} ${body} return 3; }\n`,
  );
}

async function start(from = source): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const run = promisify(execFile)(process.execPath, [join(from, "main.ts")]);
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

const files = () => readdirSync(kept).sort();
const bundleFile = (part: "first" | "rest" = "first") =>
  join(kept, JSON.parse(readFileSync(join(kept, "bundle.json"), "utf8"))[part].file);

describe("the process", () => {
  test("runs the files as they are now, whatever was kept, and says nothing of its own", async () => {
    expect(await start()).toEqual({ code: 3, stdout: "one", stderr: "" });
    const first = files();
    expect(first).toHaveLength(4);
    expect(first).toContain("launch.cjs");
    expect(await start()).toEqual({ code: 3, stdout: "one", stderr: "" });
    expect(files()).toEqual(first);
    say("two");
    expect(await start()).toEqual({ code: 3, stdout: "two", stderr: "" });
  });

  test("runs the files one by one where nothing can be kept", async () => {
    writeFileSync(join(root, "node_modules/.cache"), "");
    expect(await start()).toEqual({ code: 3, stdout: "one", stderr: "" });
  });

  test.for(["bundle.json", "launch.cjs", "first", "rest", "compiled"])(
    "a damaged %s is as good as none",
    async (what) => {
      say("one", "return 0;");
      await start();
      const [first, rest] = [bundleFile("first"), bundleFile("rest")];
      const damaged = { first, rest, compiled: `${first}.compiled` }[what] ?? join(kept, what);
      const content = readFileSync(damaged);
      content.fill(0x7b, Math.floor(content.length / 2));
      writeFileSync(damaged, content);
      expect(await start()).toEqual({ code: 0, stdout: "one", stderr: "" });
    },
  );

  test.for([
    { which: "needs the first script alone", body: "return 0;", isKept: true },
    { which: "fails", body: "", isKept: false },
    { which: "loads a part late", body: 'await import("./late.ts"); return 0;', isKept: false },
    { which: "loads a package", body: 'await import("yaml"); return 0;', isKept: false },
  ])("what V8 compiled for a run that $which is kept: $isKept", async ({ body, isKept }) => {
    writeFileSync(join(source, "late.ts"), "export const late = 1;");
    say("one", body);
    await start();
    expect(files().some((name) => name.endsWith(".compiled"))).toBe(isKept);
    expect((await start()).stdout).toBe("one");
  });

  test("runs its own files where the packages were copied from another installation", async () => {
    await start();
    const copy = join(root, "copy");
    for (const part of ["src", "package.json", "node_modules"])
      cpSync(join(root, part), join(copy, part), { recursive: true, preserveTimestamps: true });
    writeFileSync(join(copy, "src/words.ts"), 'export const words: string = "copy";');
    expect(await start(join(copy, "src"))).toEqual({ code: 3, stdout: "copy", stderr: "" });
    expect(await start()).toEqual({ code: 3, stdout: "one", stderr: "" });
  });

  test("several at once, with nothing kept, all do their work", async () => {
    const runs = await Promise.all([start(), start(), start()]);
    expect(runs.map(({ stdout }) => stdout)).toEqual(["one", "one", "one"]);
    expect(files().filter((name) => !/^(bundle\.json|launch\.cjs|[0-9a-f]{64}\.cjs(\.compiled)?)$/.test(name))).toEqual(
      [],
    );
  });

  test("an error in a file is told as Node tells it", async () => {
    writeFileSync(join(source, "words.ts"), "export const words = ;");
    const { code, stderr } = await start();
    expect(code).toBe(1);
    expect(stderr).toContain("words.ts");
  });
});

describe("a bundle", () => {
  const launched = async () => {
    await writeBundle(source);
    return launch(source);
  };

  test("is not used once a file has changed, be it by its size or by its time alone", async () => {
    await launched();
    expect(launch(source)).toBeDefined();
    utimesSync(join(source, "words.ts"), new Date(0), new Date(0));
    expect(launch(source)).toBeUndefined();
  });

  test("is not used once what made it has changed", async () => {
    await launched();
    writeFileSync(join(source, "vendors/bundle.ts"), "");
    expect(launch(source)).toBeUndefined();
  });

  test("that is damaged when a part is loaded late gives an error instead of that part", async () => {
    writeFileSync(join(source, "late.ts"), "export const late = 1;");
    say("one", 'await import("./late.ts");');
    const cli = await launched();
    const rest = bundleFile("rest");
    writeFileSync(rest, readFileSync(rest, "utf8").replace("late = 1", "late = 2"));
    await expect(cli?.main()).rejects.toThrow("is damaged");
    expect(launch(source)).toBeUndefined();
  });

  test("says every character as its files do", async () => {
    const text = "\\t é·💤\u2028";
    writeFileSync(
      join(source, "cli.ts"),
      `export async function main() { return [${JSON.stringify(text)}, \`${text}\`, /^💤+$/u.test("💤💤"), /^[é·]$/.source]; }`,
    );
    expect(await (await launched())?.main()).toEqual([text, "\t é·💤\u2028", true, "^[\\u00e9\\u00b7]$"]);
  });

  test("refuses a template whose raw text it cannot keep", async () => {
    writeFileSync(join(source, "cli.ts"), "export async function main() { return String.raw`é`; }");
    await expect(launched()).rejects.toThrow("a raw template cannot be written in ASCII");
  });

  test("is not used once a file is gone", async () => {
    await launched();
    rmSync(join(source, "words.ts"));
    expect(() => launch(source)).toThrow("ENOENT");
  });

  test("finds its packages, early and late, and its files keep their places", async () => {
    writeFileSync(
      join(source, "cli.ts"),
      `import { parse } from "yaml";
       import leven from "leven";
       import twitterText from "twitter-text";
       export async function main() {
         const late = await import("yaml");
         const own = await import("./words.ts");
         return [import.meta.dirname, parse("a: 1").a, late.parse("a: 2").a, own.words, leven("a", "b"), twitterText.getTweetLength("abc")];
       }`,
    );
    expect(await (await launched())?.main()).toEqual([source, 1, 2, "one", 1, 3]);
  });

  test("gives every default import what Node gives it", async () => {
    const sources = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
      /\.ts$/.test(file),
    );
    const text = sources.map((file) => readFileSync(join(project, "src", file), "utf8")).join("\n");
    const names = [
      ...new Set(
        [...text.matchAll(/^import (?!type\b)\w+(?:, \{.*\})? from "([^.].*?)"/gm)].map(([, name]) => name ?? ""),
      ),
    ];
    expect(names).toContain("leven");
    for (const name of names)
      if (!["leven", "twitter-text", "yaml"].includes(name))
        symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
    const imports = names.map((name, index) => `import a${index} from "${name}";`).join("\n");
    const all = names.map((_name, index) => `a${index}`).join(", ");
    writeFileSync(
      join(source, "cli.ts"),
      `${imports}\nexport async function main() { return [${all}].map((one) => [typeof one, Object.keys(one).length]); }`,
    );
    const asNodeHasThem = names.map(async (name) => {
      const { default: own } = await import(name);
      return [typeof own, Object.keys(own).length];
    });
    expect(await (await launched())?.main()).toEqual(await Promise.all(asNodeHasThem));
  });

  test("refuses a late import that it cannot replace: it would fail in the middle of a tick", async () => {
    say("one", 'import("yaml").then(() => {});');
    await expect(launched()).rejects.toThrow("yaml is imported in an unknown way");
  });

  test("of older sources goes after a day, when no run can still need it", async () => {
    await launched();
    const old = bundleFile();
    say("two");
    await launched();
    expect(files()).toContain(old.slice(kept.length + 1));
    utimesSync(old, new Date(0), new Date(0));
    say("three");
    await launched();
    expect(files()).not.toContain(old.slice(kept.length + 1));
  });

  test("is made where there is none that can be used", async () => {
    expect((await relaunch()).main).toBeTypeOf("function");
    expect(launch(join(project, "src"))?.main).toBeTypeOf("function");
  });

  test("gives packages the same exports under tsx, which npm start uses, as under Node", async () => {
    const tsx = join(project, "node_modules/tsx/dist/cli.mjs");
    const args = [join(project, "src/main.ts"), "validate", "--root", join(project, "test/scenarios/bad-files")];
    for (const before of [[], [tsx]]) {
      const failed = await promisify(execFile)(process.execPath, [...before, ...args]).catch((error: unknown) => error);
      expect((failed as { stdout: string }).stdout).toContain('unknown field "timezonee" (write "timezone"');
    }
  });

  test("holds the whole command line of this project", async () => {
    await writeBundle(join(project, "src"));
    expect(launch(join(project, "src"))?.main).toBeTypeOf("function");
    const { first, inputs } = JSON.parse(readFileSync(join(project, "node_modules/.cache/clara/bundle.json"), "utf8"));
    const firstScript = readFileSync(join(project, "node_modules/.cache/clara", first.file), "utf8");
    expect(firstScript).toContain("./cli.js");
    expect(firstScript).not.toContain("bundledContents");
    // Its cached workspaces name these by their content.
    for (const file of versionedFiles(project))
      expect(inputs.map(([path]: FileState) => path)).toContain(join(project, file));
  });
});
