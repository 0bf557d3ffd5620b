/**
 * True when the text holds the secret in any form, also where lines were broken inside of it, or signs were escaped. What
 * stands in `innocent` anyway does not count as half of a secret.
 */
export function showsSecret(text: string, secret: string, innocent = ""): boolean {
  return shownSecrets(text, [secret], innocent).length > 0;
}

/** The secrets that the text holds in any form. */
export function shownSecrets(text: string, secrets: readonly string[], innocent = ""): readonly string[] {
  const joined = text.replace(/(?:\\+[nr]|\s)+/g, "");
  const places = new Set([text, joined, bare(text), bare(joined)]);
  const isShown = (form: string) => [...places].some((place) => place.includes(form));
  return secrets.filter((secret) => [...new Set(formsOf(secret, innocent))].some(isShown));
}

/** Without what is put before signs to take their meaning from them, in JSON and in Markdown, and between words. */
const bare = (text: string) => text.replace(/[\\\u2060]/g, "").replace(/%(?:25)+/g, "%");

/** Halves of a short secret would be found in innocent words. */
const shortestHalf = 8;

/** Plain, half, backwards, encoded for a URL, a form or JSON, in hex, and in base64 wherever in a longer text it stands. */
function formsOf(secret: string, innocent: string): readonly string[] {
  const hex = Buffer.from(secret).toString("hex");
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${"x".repeat(shift)}${secret}`)
      .toString("base64")
      .replaceAll("=", "");
    // The characters at both ends depend on what stands beside the secret.
    return encoded.slice(Math.ceil((shift * 4) / 3), -1);
  });
  const inUrl = encodeURIComponent(secret);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const halves = [secret.slice(0, secret.length / 2), secret.slice(secret.length / 2)];
  const spelled = ["%", "u00", "x"].map((prefix) => hex.replace(/../g, (byte) => `${prefix}${byte}`));
  return [
    secret,
    bare(secret),
    ...halves.filter((half) => half.length >= shortestHalf && !innocent.includes(half)),
    [...secret].reverse().join(""),
    inUrl,
    inUrl.replace(/%../g, (byte) => byte.toLowerCase()),
    new URLSearchParams({ a: secret }).toString().slice(2),
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    hex,
    hex.toUpperCase(),
    ...spelled,
    ...spelled.map((text) => text.replace(/[a-f]/g, (digit) => digit.toUpperCase())),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}
