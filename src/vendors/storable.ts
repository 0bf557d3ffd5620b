/**
 * The same value with U+FFFD for what Postgres can't hold in JSON: NUL characters and halves of surrogate pairs. For
 * reports and reasons, which may quote a stranger's error: an outcome must not be lost for them. Not for drafts, whose
 * text must stay what was checked.
 */
export function storable(value: object): object {
  const text = JSON.stringify(value, (_key, each) =>
    typeof each === "string" ? each.replaceAll("\0", "\u{FFFD}").toWellFormed() : each,
  );
  return JSON.parse(text);
}
