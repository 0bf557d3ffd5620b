/** Replaces secrets in texts that are shown. */
export interface Redactor {
  /** From now on these appear in no redacted text, in plain, URL-encoded or base64 form. */
  hide(secrets: readonly string[]): void;
  redact(text: string): string;
}

/** Shorter values are left alone: they'd be found inside innocent words. */
const shortest = 8;

/** Recognised without having been told: keys of OpenAI, Supabase and age, bearer tokens, JSON web tokens. */
const secretForms =
  /\b(?:sk-|sb_secret_|AGE-SECRET-KEY-1)[\w-]{8,}|\bBearer\s+[\w.~+/%-]{8,}=*|\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]{6,}/gi;

/** A tick opens thousands of secrets and writes thousands of lines, so a text is gone through once, whatever their number. */
export function openRedactor(): Redactor {
  /** Forms by their first characters, which all of them have. */
  const byStart = new Map<string, Set<string>>();
  return {
    hide: (secrets) => {
      for (const form of secrets.flatMap(formsOf)) {
        const start = form.slice(0, shortest);
        const forms = byStart.get(start);
        if (forms === undefined) byStart.set(start, new Set([form]));
        else forms.add(form);
      }
    },
    redact: (text) => withoutKnown(text, byStart).replace(secretForms, "[secret]"),
  };
}

/** Secrets that overlap are replaced together: what is left of the one would else be shown. */
function withoutKnown(text: string, byStart: ReadonlyMap<string, ReadonlySet<string>>): string {
  let shown = "";
  let shownTo = 0;
  let hiddenTo = 0;
  for (let at = 0; at + shortest <= text.length; at += 1) {
    const end = longestEnd(text, at, byStart);
    if (end === undefined) continue;
    if (at >= hiddenTo) {
      shown += `${text.slice(shownTo, at)}[secret]`;
    }
    hiddenTo = Math.max(hiddenTo, end);
    shownTo = hiddenTo;
  }
  return shown + text.slice(shownTo);
}

function longestEnd(text: string, at: number, byStart: ReadonlyMap<string, ReadonlySet<string>>): number | undefined {
  let end: number | undefined;
  for (const form of byStart.get(text.slice(at, at + shortest)) ?? [])
    if (text.startsWith(form, at)) end = Math.max(end ?? 0, at + form.length);
  return end;
}

/** The lines of a secret as they may be met. */
function formsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line.length >= shortest)
    .flatMap((line) => [
      line,
      encodeURIComponent(line.toWellFormed()),
      Buffer.from(line).toString("base64").replace(/=+$/, ""),
    ]);
}
