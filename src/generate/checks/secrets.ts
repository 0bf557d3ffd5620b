import type { Rule } from "./rule.ts";

/** Shapes that vendors give to their keys, then anything long and random enough to be one. */
const secretShapes: readonly RegExp[] = [
  /\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_])?[A-Za-z0-9_-]{16,}/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/,
  /\bglpat-[A-Za-z0-9_-]{16,}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /\bsb(?:p|_secret|_publishable)_[A-Za-z0-9_]{16,}/,
  /\bAIza[A-Za-z0-9_-]{30,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}/,
  /AGE-SECRET-KEY-/i,
  /-----BEGIN [A-Z ]+-----/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/,
  /\bBearer [A-Za-z0-9._~+/-]{16,}/i,
  /\b(?=[A-Fa-f0-9]*\d)[A-Fa-f0-9]{32,}\b/,
  /(?<![A-Za-z0-9+/_-])(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*\d)[A-Za-z0-9+/_-]{40,}/,
  // Nobody writes a post in escapes: %73, \x73, \u0073.
  /(?:%[\dA-Fa-f]{2}|\\+x[\dA-Fa-f]{2}|\\+u[\dA-Fa-f]{4}){8,}/,
];

/** The reason never repeats the text, and the repair request leaves such a text out. */
export const secretsRuleName = "secrets";

/** One rule: nothing that looks like a key leaves this machine. */
export const secretRules: readonly Rule[] = [
  {
    name: secretsRuleName,
    check: (text) =>
      secretShapes.some((shape) => shape.test(text))
        ? "the text has something that looks like a secret key"
        : undefined,
  },
];
