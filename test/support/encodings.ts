type Encode = (secret: string) => string;

const asBase64 = (text: string) => Buffer.from(text).toString("base64");
const asBase64url = (text: string) => Buffer.from(text).toString("base64url");
const asHex: Encode = (text) => Buffer.from(text).toString("hex");
const eachByte = (prefix: string): Encode => {
  return (text) => asHex(text).replace(/../g, (byte) => `${prefix}${byte}`);
};
const eachUnit: Encode = (text) => eachByte("\\u00")(text);
const wrapped = (text: string, width: number) => text.match(new RegExp(`.{1,${width}}`, "g"))?.join("\n") ?? "";

/** How a log, an address, a header or an error may spell a secret, by what it is called in the name of a test. */
export const encodings: Readonly<Record<string, Encode>> = {
  plain: (secret) => secret,
  "for a URL": encodeURIComponent,
  "for a URL in small letters": (secret) => encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase()),
  "for a URL twice": (secret) => encodeURIComponent(encodeURIComponent(secret)),
  "for a URL byte by byte": (secret) => eachByte("%")(secret).toUpperCase(),
  "for a URL byte by byte in small letters": eachByte("%"),
  "for a form": (secret) => new URLSearchParams({ a: secret }).toString(),
  "in JSON": (secret) => JSON.stringify({ a: secret }),
  "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify({ a: secret })),
  "in escapes of JSON": eachUnit,
  "in escapes of JSON in JSON": (secret) => JSON.stringify(eachUnit(secret)),
  "in escapes of bytes": eachByte("\\x"),
  "in hex": asHex,
  "in capital hex": (secret) => asHex(secret).toUpperCase(),
  ...Object.fromEntries(
    ["", "x", "xy"].flatMap((before) => [
      [`in base64 behind ${before.length} bytes`, (secret: string) => asBase64(`${before}${secret}`)],
      [
        `in base64 between ${before.length} bytes and more`,
        (secret: string) => asBase64(`${before}${secret} and more`),
      ],
      [`in base64url behind ${before.length} bytes`, (secret: string) => asBase64url(`${before}${secret}`)],
    ]),
  ),
  "as the password of a Basic header": (secret) => `Basic ${asBase64(`user:${secret}`)}`,
  "as the user of a Basic header": (secret) => `Basic ${asBase64(`${secret}:`)}`,
  "in base64 of JSON": (secret) => asBase64(`{"id":1,"key":"${secret}","of":"a"}`),
  "in base64 for a URL": (secret) => encodeURIComponent(asBase64(`user:${secret}`)),
  "in base64 in lines": (secret) => wrapped(asBase64(`user:${secret}`), 19),
  "in lines": (secret) => wrapped(secret, 7),
  "in lines of a JSON text": (secret) => JSON.stringify(wrapped(secret, 7)),
};
