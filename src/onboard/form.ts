/** Labels of `.github/ISSUE_TEMPLATE/new-client.yml`, in its order: GitHub writes them as headings above the answers. */
export const labels = {
  name: "Name",
  handle: "Handle on X",
  xUserId: "Numeric id of the account",
  timezone: "Time zone",
  days: "Days",
  times: "Times",
  language: "Language",
  voice: "Voice",
  topics: "Topics",
  links: "Links",
  budget: "Budget",
} as const;

export type Field = keyof typeof labels;
export type Answers = Readonly<Record<Field, string>>;

const fields = Object.keys(labels) as readonly Field[];

/** What GitHub writes for a field that was left empty. */
const noAnswer = "_No response_";

/** Nobody describes a client in more; an issue may hold 65,536 characters. */
const maxLength = 20_000;

/**
 * The answers of an issue form, or what keeps it from being read. A heading of the form that stands in an answer would
 * make one field pass for another, so it is refused instead of being guessed at.
 */
export function readForm(body: string): { answers: Answers } | { problems: readonly string[] } {
  if (body.length > maxLength) return { problems: [`the form has more than ${maxLength} characters`] };
  const lines = body.split(/\r\n|\r|\n/);
  const places = fields.map((field) => {
    const heading = `### ${labels[field]}`;
    return { field, found: lines.flatMap((line, at) => (line.trim() === heading ? [at] : [])) };
  });
  const problems = places.flatMap(({ field, found }) => countProblem(labels[field], found.length));
  const starts = places.map(({ found: [at = 0] }) => at);
  const inOrder = starts.every((at, index) => index === 0 || at > (starts[index - 1] ?? 0));
  if (problems.length === 0 && !inOrder) problems.push("the headings of the form are not in its order");
  if (problems.length > 0) return { problems };
  const answers = fields.map((field, index) => {
    const text = lines
      .slice((starts[index] ?? 0) + 1, starts[index + 1])
      .join("\n")
      .trim();
    return [field, text === noAnswer ? "" : text] as const;
  });
  return { answers: Object.fromEntries(answers) as Record<Field, string> };
}

function countProblem(label: string, found: number): string[] {
  if (found === 1) return [];
  return [
    found === 0
      ? `the form has no heading "${label}"`
      : `the heading "${label}" stands there ${found} times: an answer must not hold one`,
  ];
}
