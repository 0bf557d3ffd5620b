import type { PreviewDocument, PreviewOrigin } from "./document.ts";
import { renderPreview } from "./markdown.ts";

/** By this line the next run finds its comment again. */
export const commentMarker = "<!-- clara-preview -->";

/** GitHub takes comments of up to 65,536 characters; a byte is never less than one. */
const maxBytes = 65_000;

/** The text of the pull request's comment. */
export function renderComment(document: PreviewDocument, origin: PreviewOrigin): string {
  return `${commentMarker}\n\n${renderPreview(document, origin, maxBytes - commentMarker.length - 2)}`;
}
