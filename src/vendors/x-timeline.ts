import type { TimelinePost } from "../ports.ts";
import { field } from "./x-classify.ts";

/** One post as GET /2/users/:id/tweets returns it; undefined when it lacks its id, text or time. */
export function timelinePost(wire: unknown): TimelinePost | undefined {
  // X's API description has renamed note_tweet to note_post; either may come.
  const note = field(wire, "note_tweet") ?? field(wire, "note_post");
  const whole = note ?? wire;
  const [id, text, createdAt] = [field(wire, "id"), field(whole, "text"), field(wire, "created_at")];
  if (typeof id !== "string" || typeof text !== "string" || typeof createdAt !== "string") return undefined;
  const instant = new Date(createdAt);
  if (Number.isNaN(instant.getTime())) return undefined;
  const links = field(field(whole, "entities"), "urls") ?? field(field(wire, "entities"), "urls");
  return { id, text: asWritten(text, links), createdAt: instant };
}

/** Undoes what X does to a text: links behind t.co, and three HTML entities. `&amp;` last, or `&amp;lt;` would change. */
function asWritten(text: string, links: unknown): string {
  let written = text;
  for (const link of Array.isArray(links) ? links : []) {
    const short = field(link, "url");
    if (typeof short === "string" && short !== "") written = written.replaceAll(short, () => linkText(link, short));
  }
  return written.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").normalize("NFC").trim();
}

/** The address as its author typed it; pictures and videos add a link that nobody typed. */
function linkText(link: unknown, short: string): string {
  if (typeof field(link, "media_key") === "string") return "";
  const [expanded, unwound] = [field(link, "expanded_url"), field(link, "unwound_url")];
  return [expanded, unwound].find((url) => typeof url === "string")?.toString() ?? short;
}
