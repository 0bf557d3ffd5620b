import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/**
 * Names everything besides the files that decides what a workspace says: this stage's code, the schemas, the installed
 * packages, and Node with its time zones. Worked out from their content, so that no change to them can be forgotten.
 */
export function codeVersion(): string {
  const folders = ["src/clients", "schemas"].flatMap((folder) => {
    const names = readdirSync(join(root, folder)).filter((name) => /\.(ts|json)$/.test(name));
    return names.sort().map((name) => join(folder, name));
  });
  const files = [...folders, "src/terms.ts", "package-lock.json"];
  const contents = files.map((file) => [file, hash("sha256", readFileSync(join(root, file)))]);
  const { node, v8, icu, tz } = process.versions;
  return hash("sha256", JSON.stringify({ contents, node, v8, icu, tz, platform: process.platform }));
}
