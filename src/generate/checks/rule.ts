import type { Client } from "../../terms.ts";

/** What a rule may look at besides the text. */
export interface CheckContext {
  client: Pick<Client, "handle" | "avoid">;
  /** False when the link policy, or the link budget, leaves no room for a link in this post. */
  linksAllowed: boolean;
  /** The client's last posts; a text that repeats one of them fails. Empty for fallback texts. */
  recentTexts: readonly string[];
  /** What the provider's moderation endpoint said; undefined where there is none. */
  flagged?: boolean | undefined;
}

/** One reason for which a text must not be posted. */
export interface Rule {
  name: string;
  /** The reason in words that fit both the receipt and the repair request, or undefined when the text is fine. */
  check(text: string, context: CheckContext): string | undefined;
}

/** A rule that the text broke. */
export interface Failure {
  rule: string;
  reason: string;
}
