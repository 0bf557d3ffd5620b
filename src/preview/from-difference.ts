const words = new Intl.Segmenter("en", { granularity: "word" });

/** Words and the marks between them that still stand before the first difference. */
const contextSegments = 10;

/**
 * Two texts from shortly before the place where they part, when either is longer than `most`: a cut at the end would leave
 * the same beginning twice, and hide what changed.
 */
export function fromDifference(before: string, after: string, most: number): readonly [before: string, after: string] {
  if (before.length <= most && after.length <= most) return [before, after];
  const [old, now] = [segmentsOf(before), segmentsOf(after)];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same += 1;
  const start = same - contextSegments;
  if (start <= 0) return [before, after];
  return [`…${old.slice(start).join("")}`, `…${now.slice(start).join("")}`];
}

function segmentsOf(text: string): readonly string[] {
  return [...words.segment(text)].map(({ segment }) => segment);
}
