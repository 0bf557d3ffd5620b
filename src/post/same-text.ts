import { domainToASCII } from "node:url";

/**
 * Whether two texts are the same post. X shows a text with other white space, HTML entities and expanded links than
 * it was sent with: https for a bare domain, a slash at the end of an address, a host in lower case or in Punycode.
 */
export function sameText(left: string, right: string): boolean {
  return comparable(left) === comparable(right);
}

function comparable(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .normalize("NFC")
    .replace(/\bhttps?:\/\//gi, "")
    .replace(/[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu, (host) => domainToASCII(host) || host.toLowerCase())
    .replace(/\/+(?=[\p{P}]*(?:\s|$))/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
}
