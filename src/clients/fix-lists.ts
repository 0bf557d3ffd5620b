import { isSeq, type Scalar, type YAMLSeq } from "yaml";
import { label } from "./finding.ts";
import { pairAt, type Repair, type Subject, spanOf } from "./repair.ts";
import { weekdays } from "./schedule.ts";

const lists = [
  { field: "times", isItem: (item: string) => /^([01]\d|2[0-3]):[0-5]\d$/.test(item), rank: (item: string) => item },
  { field: "days", isItem: (item: string) => weekdays.includes(item), rank: (item: string) => weekdays.indexOf(item) },
] as const;

/** A client's times and days in their order. The items change places; what stands around them does not move. */
export function repairOrder(subject: Subject): Repair | undefined {
  for (const { field, isItem, rank } of lists) {
    const items: unknown = Object(Object(subject.value).schedule)[field];
    if (!Array.isArray(items) || !items.every((item) => typeof item === "string" && isItem(item))) continue;
    const order = items.map((_, index) => index).sort((one, other) => compare(rank(items[one]), rank(items[other])));
    if (order.every((from, to) => from === to)) continue;
    const repair = reorder(subject, field, order);
    if (repair !== undefined) return repair;
  }
  return undefined;
}

function reorder({ text, document, value }: Subject, field: string, order: readonly number[]): Repair | undefined {
  const seq = pairAt(document, ["schedule", field])?.value;
  if (!isSeq<Scalar>(seq) || seq.anchor !== undefined || hasComments(text, seq)) return undefined;
  const spans = seq.items.map(spanOf);
  const edits = order.map((from, to) => {
    const [here, there] = [spans[to], spans[from]];
    return here && there && { ...here, text: text.slice(there.start, there.end) };
  });
  if (!edits.every((edit) => edit !== undefined) || !seq.range) return undefined;
  const { schedule } = Object(value);
  const sorted = order.map((from) => schedule[field][from]);
  return {
    says: `${label(["schedule", field])} is in order now`,
    offset: seq.range[0],
    edits,
    expected: { ...Object(value), schedule: { ...schedule, [field]: sorted } },
  };
}

/** A comment may be about one item, and would then stay behind at another one. Behind a closing bracket it is about all. */
function hasComments(text: string, seq: YAMLSeq<Scalar>): boolean {
  const items = seq.items.map(spanOf);
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined || !seq.range) return true;
  if (seq.flow !== true && seq.commentBefore) return true;
  const lineEnd = text.indexOf("\n", last.end);
  const end = seq.flow === true ? seq.range[1] : lineEnd === -1 ? text.length : lineEnd;
  const between = items.map((item, index) => text.slice(item?.end ?? 0, items[index + 1]?.start ?? end));
  return [text.slice(seq.range[0], first.start), ...between].some((gap) => gap.includes("#"));
}

function compare(one: string | number, other: string | number): number {
  return one < other ? -1 : Number(one > other);
}
