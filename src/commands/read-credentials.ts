import { UserError } from "../errors.ts";
import { askHidden, type Question } from "./ask-hidden.ts";

const questions: readonly Question[] = [
  { name: "access_token", ask: "X access token" },
  { name: "access_secret", ask: "X access token secret" },
  { name: "app_key", ask: "X app key (Enter for the shared app)", isOptional: true },
  { name: "app_secret", ask: "X app secret", onlyAfter: "app_key" },
  { name: "openai_api_key", ask: "OpenAI API key (Enter for the shared one)", isOptional: true },
];

/** Far more than six keys need; a wrong file piped in is not read to its end. */
const maxCharacters = 65_536;

export interface CredentialsInput {
  input: NodeJS.ReadableStream & { isTTY?: boolean | undefined };
  /** Where the questions are shown; not stdout, which belongs to the command's result. */
  output: NodeJS.WritableStream;
}

/**
 * A client's credentials as the fields of the sealed block: asked for without showing them when a person sits at a
 * terminal, otherwise read as JSON. @throws UserError that never quotes the input.
 */
export async function readCredentials({ input, output }: CredentialsInput): Promise<unknown> {
  if (input.isTTY === true) return askHidden(questions, { input, output });
  const text = await readText(input);
  try {
    return JSON.parse(text);
  } catch {
    // Not as a cause: JSON.parse quotes the text.
    throw new UserError('standard input is not JSON such as {"access_token": "…", "access_secret": "…"}');
  }
}

async function readText(input: NodeJS.ReadableStream): Promise<string> {
  input.setEncoding("utf8");
  let text = "";
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > maxCharacters) throw new UserError("standard input is too long for a client's credentials");
  }
  return text.replace(/^\ufeff/, "");
}
