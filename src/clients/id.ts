/** What a client or prompt may be called: lower-case letters, digits and single hyphens between them, at most 39. */
export const idPattern = /^(?=.{1,39}$)[a-z0-9]+(-[a-z0-9]+)*$/;

/** The id that is nearest to a name, `acme-coffee` for `Acme_Coffee`; empty when nothing of the name can stay. */
export function idNear(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-").slice(0, 39).replace(/-$/, "");
}
