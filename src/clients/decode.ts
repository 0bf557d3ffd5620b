export type Decoded = { ok: true; text: string } | { ok: false; valid: string };

/**
 * Text of a UTF-8 file without its byte order mark. When a byte is not UTF-8, `valid` is the text before the first
 * such byte, so that the problem can say where it stands.
 */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  const text = tryDecode(bytes, false);
  if (text !== undefined) return { ok: true, text };
  // Every prefix of a valid prefix is valid: bisect for the longest one.
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (tryDecode(bytes.subarray(0, middle), true) === undefined) invalid = middle;
    else valid = middle;
  }
  return { ok: false, valid: tryDecode(bytes.subarray(0, valid), true) ?? "" };
}

const wholeFiles = new TextDecoder("utf-8", { fatal: true });

/** With `partial`, a character that is cut off at the end is left out instead of being an error. */
function tryDecode(bytes: Uint8Array, partial: boolean): string | undefined {
  try {
    return partial
      ? new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true })
      : wholeFiles.decode(bytes);
  } catch {
    return undefined;
  }
}
