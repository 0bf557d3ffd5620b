import { expect, test } from "vitest";
import { showsSecret } from "../support/secret-forms.ts";

const wrapped = (text: string, width: number) => text.match(new RegExp(`.{1,${width}}`, "g"))?.join("\n") ?? "";
const asBase64 = (text: string) => Buffer.from(text).toString("base64");

test.for<{ form: string; write: (secret: string) => string }>([
  { form: "plain", write: (secret) => secret },
  { form: "in a URL", write: encodeURIComponent },
  { form: "in a form", write: (secret) => new URLSearchParams({ a: secret }).toString() },
  { form: "in JSON", write: (secret) => JSON.stringify({ a: secret }) },
  { form: "in JSON in JSON", write: (secret) => JSON.stringify(JSON.stringify({ a: secret })) },
  ...["", "x", "xy"].flatMap((before) => [
    { form: `in base64 behind ${before.length} bytes`, write: (secret: string) => asBase64(`${before}${secret}`) },
    {
      form: `in base64url behind ${before.length}`,
      write: (secret: string) => Buffer.from(`${before}${secret}`).toString("base64url"),
    },
  ]),
  { form: "in base64 in lines", write: (secret) => wrapped(asBase64(`user:${secret}`), 19) },
  { form: "in hex", write: (secret) => Buffer.from(secret).toString("hex") },
  { form: "in capital hex", write: (secret) => Buffer.from(secret).toString("hex").toUpperCase() },
  { form: "in lines", write: (secret) => wrapped(secret, 7) },
  { form: "in lines of a JSON text", write: (secret) => JSON.stringify(wrapped(secret, 7)) },
  { form: "backwards", write: (secret) => [...secret].reverse().join("") },
  { form: "its first half", write: (secret) => secret.slice(0, secret.length / 2) },
  { form: "its second half", write: (secret) => secret.slice(secret.length / 2) },
])("the canary sees a secret that is written $form", ({ write }) => {
  for (const secret of ['s3cret/with+signs"and\\more~of*them', "sk-proj-abcdefghijklmnop0123456789"]) {
    expect(showsSecret(`before ${write(secret)} behind`, secret), write(secret)).toBe(true);
    expect(showsSecret(`before ${write("nothing of that kind, but as long as it")} behind`, secret)).toBe(false);
  }
});
