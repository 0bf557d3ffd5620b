import type { DatabaseSync } from "node:sqlite";
import { invalidRequest, notFound, type XReply } from "./x-reply.ts";
import { fieldsOf, jsonBody, type XRequest } from "./x-request.ts";
import { inTransaction, nextId } from "./x-store.ts";

/** Bytes per kind of media: https://docs.x.com/x-api/media/quickstart/best-practices */
const maxBytes: Readonly<Record<string, number>> = {
  tweet_image: 5_242_880,
  tweet_gif: 15_728_640,
  tweet_video: 536_870_912,
};

const expiresAfterSeconds = 86_400;

interface Media {
  id: string;
  category: string;
  total: number;
  received: number;
  state: string;
}

/** Ids that the account may attach to a post: uploaded by itself, and finalized. */
export function ownMediaIds(database: DatabaseSync, xUserId: string): ReadonlySet<string> {
  const rows = database
    .prepare("select cast(id as text) as id from media where x_user_id = ? and state = 'succeeded'")
    .all(xUserId);
  return new Set(rows.map((row) => String(row.id)));
}

/** POST /2/media/upload: the whole file in one request, base64 in JSON or bytes in a form. */
export async function answerUpload(request: XRequest): Promise<XReply> {
  const fields = await fieldsOf(request);
  const media = fields.get("media");
  const category = String(fields.get("media_category") ?? "");
  if (media === undefined) return invalidRequest("$.media: is missing");
  const bytes = typeof media === "string" ? Buffer.from(media, "base64").length : media.length;
  const refusal = sizeRefusal(category, bytes);
  if (refusal !== undefined) return refusal;
  const id = createMedia(request, { category, total: bytes, received: bytes, state: "succeeded" });
  return uploaded({ id, category, total: bytes, received: bytes, state: "succeeded" });
}

/** POST /2/media/upload/initialize. */
export function answerInitialize(request: XRequest): XReply {
  const body = jsonBody(request);
  if (typeof body !== "object" || body === null) return invalidRequest("$: must be object");
  const category = "media_category" in body ? String(body.media_category) : "";
  const total = "total_bytes" in body ? Number(body.total_bytes) : Number.NaN;
  const refusal = sizeRefusal(category, total);
  if (refusal !== undefined) return refusal;
  const id = createMedia(request, { category, total, received: 0, state: "open" });
  return { status: 200, body: { data: { id, media_key: `3_${id}`, expires_after_secs: expiresAfterSeconds } } };
}

/** POST /2/media/upload/:id/append. */
export async function answerAppend(request: XRequest): Promise<XReply> {
  const fields = await fieldsOf(request);
  const media = fields.get("media");
  const index = Number(fields.get("segment_index") ?? Number.NaN);
  if (media === undefined || !Number.isInteger(index) || index < 0 || index > 999) {
    return invalidRequest("$: must have media and a segment_index from 0 to 999");
  }
  const bytes = typeof media === "string" ? Buffer.from(media, "base64").length : media.length;
  const { changes } = request.database
    .prepare("update media set received = received + ? where id = ? and x_user_id = ? and state = 'open'")
    .run(bytes, BigInt(request.id), request.account.xUserId);
  if (Number(changes) === 0) return notFound("media", request.id);
  return {
    status: 200,
    body: { data: { expires_at: Math.trunc(request.now.getTime() / 1000) + expiresAfterSeconds } },
  };
}

/** POST /2/media/upload/:id/finalize. Videos are said to be still in work, so that the client asks for their status. */
export function answerFinalize(request: XRequest): XReply {
  const media = findMedia(request, request.id);
  if (media === undefined) return notFound("media", request.id);
  if (media.received !== media.total) return invalidRequest(`received ${media.received} of ${media.total} bytes`);
  request.database.prepare("update media set state = 'succeeded' where id = ?").run(BigInt(request.id));
  return uploaded({ ...media, state: media.category === "tweet_video" ? "pending" : "succeeded" });
}

/** GET /2/media/upload?command=STATUS&media_id=. */
export function answerStatus(request: XRequest): XReply {
  const id = request.query.get("media_id") ?? "";
  const media = /^\d{1,19}$/.test(id) ? findMedia(request, id) : undefined;
  return media === undefined ? notFound("media", id) : uploaded(media, true);
}

/** POST /2/media/metadata: the alternative text of a picture. */
export function answerMetadata(request: XRequest): XReply {
  const body = jsonBody(request);
  const { id, alt } = altTextIn(body);
  if (id === undefined || (alt ?? "").length > 1000) {
    return invalidRequest("$: must have an id and an alt_text of at most 1000 characters");
  }
  if (findMedia(request, id) === undefined) return notFound("media", id);
  request.database.prepare("update media set alt = ? where id = ?").run(alt ?? "", BigInt(id));
  return { status: 200, body: { data: { id, associated_metadata: { alt_text: { text: alt ?? "" } } } } };
}

function altTextIn(body: unknown): { id?: string; alt?: string } {
  const { id, metadata } = Object(body) as { id?: unknown; metadata?: { alt_text?: { text?: unknown } } };
  const alt = metadata?.alt_text?.text;
  return {
    ...(typeof id === "string" && /^\d{1,19}$/.test(id) && { id }),
    ...(typeof alt === "string" && { alt }),
  };
}

function sizeRefusal(category: string, bytes: number): XReply | undefined {
  const limit = maxBytes[category];
  if (limit === undefined)
    return invalidRequest(`$.media_category: must be one of ${Object.keys(maxBytes).join(", ")}`);
  return bytes > 0 && bytes <= limit ? undefined : invalidRequest(`a ${category} has 1 to ${limit} bytes`);
}

function createMedia({ database, account, now }: XRequest, media: Omit<Media, "id">): string {
  return inTransaction(database, () => {
    const id = nextId(database, "media", now);
    database
      .prepare("insert into media (id, x_user_id, category, total, received, state) values (?, ?, ?, ?, ?, ?)")
      .run(id, account.xUserId, media.category, media.total, media.received, media.state);
    return `${id}`;
  });
}

function findMedia({ database, account }: XRequest, id: string): Media | undefined {
  const row = database
    .prepare("select category, total, received, state from media where id = ? and x_user_id = ?")
    .get(BigInt(id), account.xUserId);
  if (row === undefined) return undefined;
  const { category, total, received, state } = row;
  return { id, category: String(category), total: Number(total), received: Number(received), state: String(state) };
}

function uploaded(media: Media, withState = media.state !== "succeeded"): XReply {
  const processing = withState && { processing_info: processingOf(media.state) };
  const { id, total } = media;
  const data = { id, media_key: `3_${id}`, size: total, expires_after_secs: expiresAfterSeconds, ...processing };
  return { status: 200, body: { data } };
}

function processingOf(state: string): object {
  return state === "succeeded" ? { state, progress_percent: 100 } : { state: "pending", check_after_secs: 1 };
}
