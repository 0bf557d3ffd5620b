import leven from "leven";

/** The known name that the word was probably meant to be; undefined when none is close. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const lower = word.slice(0, 100).toLowerCase();
  // Two typing errors in a short word, a third of the letters in a long one: beyond that a suggestion only misleads.
  let best = Math.max(2, Math.floor(lower.length / 3)) + 1;
  let name: string | undefined;
  let longer: string | undefined;
  for (const candidate of known) {
    const distance = leven(lower, candidate.toLowerCase(), { maxDistance: best });
    if (distance < best) [best, name] = [distance, candidate];
    if (lower.length > 2 && candidate.toLowerCase().startsWith(lower)) longer ??= candidate;
  }
  return name ?? longer;
}

/** `write "name"`, or the list of what is known when nothing is close. */
export function suggest(word: string, known: Iterable<string>, otherwise: string): string {
  const name = nearest(word, known);
  return name === undefined ? otherwise : `write ${JSON.stringify(name)}`;
}
