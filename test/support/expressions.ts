import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { TokenType } from "@actions/expressions/lexer";

/** What an expression may name: `github`, `needs`, `steps` and so on, as plain JSON. */
export type ExpressionContexts = Readonly<Record<string, unknown>>;

/** What has happened so far: it decides what `success()` and its like answer. */
export type Status = "success" | "failure" | "cancelled";

const statusFunctions = ["success", "failure", "cancelled", "always"];

/** Evaluates one expression by GitHub's own evaluator. @throws as it does, for example for `fromJSON('')`. */
export function evaluate(expression: string, contexts: ExpressionContexts, status: Status = "success"): unknown {
  const functions = statusFunctions.map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(name === "always" || name === status),
  }));
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse();
  const evaluator = new Evaluator(tree, dictionary(contexts), new Map(functions.map((one) => [one.name, one])));
  return JSON.parse(JSON.stringify(evaluator.evaluate(), data.replacer));
}

/** A value of a workflow file: a single expression keeps its type, and expressions inside of text become text. */
export function expand(value: unknown, contexts: ExpressionContexts): unknown {
  if (typeof value !== "string") return value;
  const single = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s.exec(value.trim());
  if (single?.[1] !== undefined) return evaluate(single[1], contexts);
  return value.replace(/\$\{\{((?:(?!\}\}).)*)\}\}/gs, (_, inner: string) => asText(evaluate(inner, contexts)));
}

/** What GitHub puts into an environment variable, an input or an output. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** An `if:`. Unless it asks for the status itself, it also needs that nothing has failed before. */
export function holds(condition: unknown, contexts: ExpressionContexts, status: Status): boolean {
  if (condition === undefined) return status === "success";
  const expression = String(condition).replace(/^\s*\$\{\{(.*)\}\}\s*$/s, "$1");
  const asks = new Lexer(expression)
    .lex()
    .tokens.some(({ type, lexeme }) => type === TokenType.IDENTIFIER && statusFunctions.includes(lexeme.toLowerCase()));
  const value = evaluate(asks ? expression : `success() && (${expression})`, contexts, status);
  return Boolean(value);
}

function dictionary(contexts: ExpressionContexts): data.Dictionary {
  const pairs = Object.entries(contexts).map(([key, value]) => {
    return { key, value: JSON.parse(JSON.stringify(value ?? null), data.reviver) };
  });
  return new data.Dictionary(...pairs);
}
