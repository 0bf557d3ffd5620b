/** Shorter values are no secrets: they'd be found inside innocent words. */
export const shortest = 8;

/**
 * How the lines of a secret may be spelled in a text or in what `decode` makes of it: plain, in hex, and in base64 wherever
 * in a longer text they stand, as in the `user:key` of a Basic header.
 */
export function formsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const forms = lines.filter((line) => line.length >= shortest).flatMap(formsOfLine);
  return [...new Set(forms)].filter((form) => form.length >= shortest);
}

function formsOfLine(line: string): readonly string[] {
  const bytes = Buffer.from(line);
  const hex = bytes.toString("hex");
  // Escapes for bytes decode to one character for each; forms in URLs write spaces as plus signs.
  const spaced = [line, bytes.toString("latin1")];
  const plain = [...spaced, ...spaced.map((text) => text.replaceAll(" ", "+"))];
  // What is an escape in the secret itself is lost in a decoded text too.
  const decoded = plain.map((text) => decode(text)?.text ?? text);
  const base64 = [0, 1, 2].flatMap((shift) => base64Behind(shift, bytes));
  const base64url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [...plain, ...decoded, hex, hex.toUpperCase(), ...base64, ...base64url];
}

/** With other bytes behind it and at the end of all; never the characters that the bytes before and behind are part of. */
function base64Behind(shift: number, bytes: Buffer): readonly string[] {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
  const atEnd = encoded.slice(Math.ceil((shift * 4) / 3)).replace(/=+$/, "");
  const unfinished = (shift + bytes.length) % 3 === 0 ? 0 : 1;
  return [atEnd, atEnd.slice(0, atEnd.length - unfinished)];
}

/** A text without escapes and line breaks, and where in the text each of its characters stood. */
export interface Decoded {
  text: string;
  starts: Uint32Array;
  ends: Uint32Array;
}

/**
 * `%2F`, `%252F`, `\u002f`, `\x2f`, a broken line, also as `\n`, and any other backslash, which is dropped alone: it may stand
 * before a sign that JSON escapes. A text that was escaped twice has more backslashes.
 */
const escapes = /\\+(?:u([\da-f]{4})|x([\da-f]{2})|[nr])?|%(?:25)*([\da-f]{2})|[\r\n]+/gi;

/** Undefined for a text that has nothing to decode. */
export function decode(text: string): Decoded | undefined {
  if (text.search(escapes) < 0) return undefined;
  const starts = new Uint32Array(text.length);
  const ends = new Uint32Array(text.length);
  const parts: string[] = [];
  let [length, from] = [0, 0];
  const keep = (part: string, start: number, width: number) => {
    parts.push(part);
    for (let at = 0; at < part.length; at += 1) {
      starts[length] = start + at;
      ends[length] = start + at + width;
      length += 1;
    }
  };
  for (const { 0: whole, 1: unit, 2: byte, 3: percent, index } of text.matchAll(escapes)) {
    keep(text.slice(from, index), from, 1);
    const code = unit ?? byte ?? percent;
    if (code !== undefined) keep(String.fromCharCode(Number.parseInt(code, 16)), index, whole.length);
    from = index + whole.length;
  }
  keep(text.slice(from), from, 1);
  return { text: parts.join(""), starts, ends };
}
