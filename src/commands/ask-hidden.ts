import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UserError } from "../errors.ts";

export interface Question {
  name: string;
  ask: string;
  isOptional?: boolean;
  /** Asked only when this earlier question was answered. */
  onlyAfter?: string;
}

/**
 * Asks one line per question on a terminal without showing what is typed or pasted; an empty answer to an optional
 * question leaves it out. @throws UserError when the person stops it.
 */
export async function askHidden(
  questions: readonly Question[],
  { input, output }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream },
): Promise<Record<string, string>> {
  const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: muted, terminal: true, historySize: 0 });
  // Lines are queued here: several pasted at once would be lost between two `question` calls.
  const lines = reader[Symbol.asyncIterator]();
  const answers: Record<string, string> = {};
  try {
    for (const question of questions) {
      if (question.onlyAfter !== undefined && answers[question.onlyAfter] === undefined) continue;
      const answer = await askOnce(question, lines, output);
      if (answer !== "") answers[question.name] = answer;
    }
  } finally {
    reader.close();
  }
  return answers;
}

async function askOnce(question: Question, lines: AsyncIterator<string>, output: NodeJS.WritableStream) {
  for (;;) {
    output.write(`${question.ask}: `);
    const { value, done } = await lines.next();
    output.write("\n");
    if (done === true) throw new UserError("stopped; nothing was written");
    const answer = value.trim();
    if (answer !== "" || question.isOptional === true) return answer;
    output.write("This one is needed.\n");
  }
}
