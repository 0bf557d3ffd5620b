/** Looks through everything that a run writes for people, line by line, and keeps what must not stand there. */
export interface Watch {
  lines: number;
  summaries: number;
  /** Texts, errors and answers with markup or commands in them that were handed in. */
  hostile: number;
  leaks: string[];
  unescaped: string[];
  /** A line of the log, or of standard output. */
  line(text: string, where: string): void;
  /** Markdown of a job summary. */
  summary(markdown: string, where: string): void;
}

/** Every secret of a simulation begins with it, so that one search finds them all, and parts of them. */
export const canary = "simcanary7";

/** The canary plain, and in base64 wherever it stands in a longer text; URL-encoding leaves it as it is. */
export const canaryForms: readonly string[] = [canary, ...[0, 1, 2].map(base64Within)];

/** The characters that its base64 has whatever stands before and behind. */
function base64Within(shift: number): string {
  const encoded = Buffer.from(`${"x".repeat(shift)}${canary}`)
    .toString("base64")
    .replaceAll("=", "");
  return encoded.slice(Math.ceil((shift * 4) / 3), -1);
}

const canaryPattern = new RegExp(canaryForms.map((form) => form.replace(/[+/]/g, "[+/_-]")).join("|"));

/** What GitHub's runner obeys: `::name::` at the start of a line, `##[name]` anywhere. actions/runner, ActionCommand.cs */
const command = /^[\s\u0085]*::|##\[/u;
/** What repaints a terminal or reorders a line. */
const control = /[\p{Cc}\p{Bidi_Control}]/u;
/** Markup that a reader's browser would act on: a tag or an image that no backslash or entity takes the meaning from. */
const markup = /(?<!\\)<[/!a-z]|(?<!\\)!\[/i;
/** A mention notifies somebody unless something stands between the sign and the name. */
const mention = /(?<![\w\\/`.])@[a-z]\w/i;

const most = 20;

export function openWatch(): Watch {
  const keep = (list: string[], where: string, text: string) => {
    if (list.length < most) list.push(`${where}: ${JSON.stringify(text.slice(0, 120))}`);
  };
  const watch: Watch = {
    lines: 0,
    summaries: 0,
    hostile: 0,
    leaks: [],
    unescaped: [],
    line: (text, where) => {
      watch.lines += 1;
      if (canaryPattern.test(text)) keep(watch.leaks, where, text);
      if (command.test(text) || control.test(text)) keep(watch.unescaped, where, text);
    },
    summary: (markdown, where) => {
      watch.summaries += 1;
      for (const text of markdown.split("\n")) {
        watch.line(text, where);
        if (markup.test(text) || mention.test(text)) keep(watch.unescaped, where, text);
      }
    },
  };
  return watch;
}
