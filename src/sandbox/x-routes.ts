import {
  answerAppend,
  answerFinalize,
  answerInitialize,
  answerMetadata,
  answerStatus,
  answerUpload,
} from "./x-media.ts";
import { answerCreatePost, answerDeletePost, answerMe } from "./x-posts.ts";
import { type XRate, xRates } from "./x-rates.ts";
import type { XReply } from "./x-reply.ts";
import type { XRequest } from "./x-request.ts";
import { answerTimeline } from "./x-timeline.ts";

export interface XRoute {
  name: string;
  rate: XRate;
  /** What the pattern captured from the path. */
  id: string;
  answer: (request: XRequest) => XReply | Promise<XReply>;
}

type Row = readonly [method: string, pattern: RegExp, rate: keyof typeof xRates, answer: XRoute["answer"]];

const table: readonly Row[] = [
  ["POST", /^\/2\/tweets$/, "createPost", answerCreatePost],
  ["DELETE", /^\/2\/tweets\/(\d{1,19})$/, "deletePost", answerDeletePost],
  ["GET", /^\/2\/users\/me$/, "me", answerMe],
  ["GET", /^\/2\/users\/(\d{1,19})\/tweets$/, "timeline", answerTimeline],
  ["POST", /^\/2\/media\/upload$/, "upload", answerUpload],
  ["GET", /^\/2\/media\/upload$/, "upload", answerStatus],
  ["POST", /^\/2\/media\/upload\/initialize$/, "uploadPart", answerInitialize],
  ["POST", /^\/2\/media\/upload\/(\d{1,19})\/append$/, "uploadPart", answerAppend],
  ["POST", /^\/2\/media\/upload\/(\d{1,19})\/finalize$/, "uploadPart", answerFinalize],
  ["POST", /^\/2\/media\/metadata$/, "metadata", answerMetadata],
];

/** The endpoint for a method and path; undefined answers 404. */
export function findRoute(method: string, path: string): XRoute | undefined {
  for (const [rowMethod, pattern, rate, answer] of table) {
    const match = rowMethod === method ? pattern.exec(path) : null;
    if (match !== null) return { name: rate, rate: xRates[rate], id: match[1] ?? "", answer };
  }
  return undefined;
}
