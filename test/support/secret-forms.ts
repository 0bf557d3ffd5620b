/**
 * True when the text holds the secret in any form, also where lines were broken inside of it. What stands in `innocent`
 * anyway does not count as half of a secret.
 */
export function showsSecret(text: string, secret: string, innocent = ""): boolean {
  const joined = text.replace(/(?:\\+n|\s)+/g, "");
  return formsOf(secret, innocent).some((form) => text.includes(form) || joined.includes(form));
}

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
  const inJson = JSON.stringify(secret).slice(1, -1);
  const halves = [secret.slice(0, secret.length / 2), secret.slice(secret.length / 2)];
  return [
    secret,
    ...halves.filter((half) => half.length >= shortestHalf && !innocent.includes(half)),
    [...secret].reverse().join(""),
    encodeURIComponent(secret),
    new URLSearchParams({ a: secret }).toString().slice(2),
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}
