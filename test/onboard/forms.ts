import { type Answers, type Field, labels } from "../../src/onboard/form.ts";

export const goodAnswers: Answers = {
  name: "Bean & Leaf",
  handle: "@Bean_Leaf",
  xUserId: "2244994945",
  timezone: "Europe/Berlin",
  days: "weekdays",
  times: "09:00, 17:30",
  language: "en",
  voice: "Warm and dry.\nShort sentences.",
  topics: "- brewing at home\n- how beans are stored",
  links: "Never",
  budget: "12.50",
};

/** The text of an issue as GitHub makes it of a form; an empty answer is `_No response_`. */
export function formText(answers: Partial<Answers> = {}): string {
  const all = { ...goodAnswers, ...answers };
  const parts = Object.entries(labels).map(
    ([field, label]) => `### ${label}\n\n${all[field as Field] || "_No response_"}`,
  );
  return parts.join("\n\n");
}
