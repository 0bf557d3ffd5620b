import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const shipped = join(import.meta.dirname, "..", "..");
const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Asia/Tokyo",
  "Australia/Lord_Howe",
  "UTC",
  "America/Sao_Paulo",
  "Africa/Casablanca",
  "Asia/Kolkata",
  "Pacific/Auckland",
  "America/Los_Angeles",
  "Europe/London",
  "Asia/Kathmandu",
];

/** A new workspace whose clients are the shipped ones over and over, each with its own account, zone, times and topics. */
export async function writeClients(count: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "clara-bench-load-"));
  await mkdir(join(root, "clients"));
  await cp(join(shipped, "prompts"), join(root, "prompts"), { recursive: true });
  const texts: string[] = [];
  for (const name of (await readdir(join(shipped, "clients"))).sort()) {
    const text = await readFile(join(shipped, "clients", name), "utf8");
    if (name.startsWith("_")) await writeFile(join(root, "clients", name), text);
    else texts.push(text);
  }
  for (let number = 0; number < count; number += 1) {
    const text = varied(texts[number % texts.length] ?? "", number);
    await writeFile(join(root, "clients", `client-${number}.yaml`), text);
  }
  return root;
}

function varied(text: string, number: number): string {
  const minutes = String(number % 60).padStart(2, "0");
  return text
    .replace(/^handle: .*$/m, `handle: bench_${number}`)
    .replace(/^x_user_id: .*$/m, `x_user_id: "${2_000_000_000 + number}"`)
    .replace(/^timezone: .*$/m, `timezone: ${zones[number % zones.length]}`)
    .replace(/^( {2}times: ).*$/m, `$1["06:${minutes}", "16:${minutes}"]`)
    .replace(/^topics:\n/m, `topics:\n  - what ${number} people asked us\n`);
}
