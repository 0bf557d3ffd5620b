import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** Missing where no browser is installed: then there is nothing to draw with. */
export const hasBrowser = browser !== undefined;

/** What a browser made of a comment. */
export interface Drawn {
  /** Tags of all elements below the body, in document order. */
  tags: readonly string[];
  /** Every word `mark1`, `mark2` … in document order, with the index of the card or table that holds it, -1 for none. */
  marks: readonly { word: string; card: number; table: number; heading: boolean }[];
  /** Pixels by which anything reaches out of its own card or of the page. */
  overflow: number;
}

/**
 * Draws each GitHub-flavoured Markdown text in a section of one page of a headless browser. HTML stays as it is: GitHub's
 * own filter comes after this, so what gets past us would show here.
 */
export async function draw(...markdowns: readonly string[]): Promise<readonly Drawn[]> {
  if (browser === undefined) throw new Error("no browser is installed");
  const folder = await mkdtemp(join(tmpdir(), "clara-browser-"));
  try {
    const file = join(folder, "comment.html");
    await writeFile(file, page(markdowns.map(toHtml)));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder}/profile`];
    const args = [...flags, "--window-size=900,2000", "--dump-dom", `file://${file}`];
    const { stdout } = await promisify(execFile)(browser, args, { maxBuffer: 1 << 28 });
    const result = /data-drawn="([^"]*)"/.exec(stdout)?.[1];
    if (result === undefined) throw new Error(`the browser drew nothing: ${stdout.slice(0, 500)}`);
    return JSON.parse(decodeURIComponent(result)) as readonly Drawn[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toHtml(markdown: string): string {
  return micromark(markdown, {
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
  });
}

/** Cards as GitHub draws quotes; long words break. */
function page(bodies: readonly string[]): string {
  const sections = bodies.map((body) => `<section>${body}</section>`).join("\n");
  return `<!doctype html><meta charset="utf-8"><style>
    body { font: 16px sans-serif; width: 800px; overflow-wrap: anywhere }
    blockquote { border-left: 4px solid #ccc; margin: 0 0 16px; padding: 0 16px }
    table { display: block; width: 100%; overflow: auto; border-collapse: collapse } td, th { border: 1px solid #ccc }
  </style><body>${sections}</body><script>${measure}</script>`;
}

const measure = `
  const measure = (section) => {
    const cards = [...section.querySelectorAll("blockquote")];
    const tables = [...section.querySelectorAll("table")];
    const marks = [];
    const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
    let overflow = 0;
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      const card = parent.closest("blockquote");
      for (const [word] of walker.currentNode.data.matchAll(/mark[0-9]+/g)) {
        const table = tables.indexOf(parent.closest("table"));
        marks.push({ word, card: cards.indexOf(card), table, heading: parent.closest("h3") !== null });
      }
      if (card === null) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const box = card.getBoundingClientRect();
      for (const rect of range.getClientRects()) {
        const beyond = [box.left - rect.left, rect.right - box.right, box.top - rect.top, rect.bottom - box.bottom];
        overflow = Math.max(overflow, ...beyond);
      }
    }
    const tags = [...section.querySelectorAll("*")].map(({ tagName }) => tagName.toLowerCase());
    return { tags, marks, overflow: Math.round(overflow) };
  };
  const drawn = [...document.querySelectorAll("body > section")].map(measure);
  document.documentElement.setAttribute("data-drawn", encodeURIComponent(JSON.stringify(drawn)));`;
