import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** The content of this project's files, where a bundle knows it: a bundle with a file that has changed does not run. */
declare const bundledContents: string | undefined;

let known: string | undefined;

/**
 * Names everything that decides what is read out of the same files: the code, the schemas, the packages, and Node with
 * its time zones. Worked out from their content, so that no change to them can be forgotten.
 * @throws when one of them cannot be read, for example where another package manager wrote its own lock file.
 */
export function codeVersion(): string {
  known ??= version(
    typeof bundledContents === "string" ? bundledContents : contentsOf(join(import.meta.dirname, "..")),
  );
  return known;
}

/** The same for an installation in some folder. */
export function versionOf(root: string): string {
  return version(contentsOf(root));
}

/** The length and CRC-32 of each file. */
export function contentsOf(root: string): string {
  const contents = versionedFiles(root).map((file) => {
    const bytes = readFileSync(join(root, file));
    return `${file} ${bytes.length} ${crc32(bytes)}`;
  });
  return contents.join("\n");
}

function version(contents: string): string {
  const { node, v8, icu, tz } = process.versions;
  return JSON.stringify({ contents, node, v8, icu, tz, platform: process.platform });
}

/** By path from the root, with forward slashes. */
export function versionedFiles(root: string): readonly string[] {
  const folders = ["src/clients", "src/due", "schemas"].flatMap((folder) => {
    const names = readdirSync(join(root, folder)).filter((name) => /\.(ts|json)$/.test(name));
    return names.sort().map((name) => `${folder}/${name}`);
  });
  return [...folders, "src/terms.ts", "src/cached-file.ts", "package-lock.json"];
}
