import { expect, test } from "vitest";
import { brokenRules } from "./broken-rules.ts";

test.for<{ avoid: string; text: string; found: boolean }>([
  { avoid: "cheap", text: "A CHEAP trick", found: true },
  { avoid: "cheap", text: "Cheaper than yesterday", found: false },
  { avoid: "cheap", text: "cheap", found: true },
  { avoid: "game changer", text: "A game\n changer, again", found: true },
  { avoid: "game changer", text: "A game-changer", found: false },
  { avoid: "10x", text: "grow 10x", found: true },
  { avoid: "10x", text: "grow 110x", found: false },
  { avoid: "café", text: "Unser Cafe\u0301 am Eck", found: true },
  { avoid: "cafe", text: "Unser Café am Eck", found: false },
  { avoid: "über", text: "ÜBER den Dingen", found: true },
  { avoid: "über", text: "darüber hinaus", found: false },
  { avoid: "it's", text: "Well, it’s late", found: true },
  { avoid: "安い", text: "とても安いです", found: true },
  { avoid: "सस्ता", text: "यह सस्ता है", found: true },
  { avoid: "100%", text: "100% sure", found: true },
  { avoid: "a", text: "banana, a fruit", found: true },
  { avoid: " ", text: "anything", found: false },
])('"$avoid" in "$text": $found', ({ avoid, text, found }) => {
  expect(brokenRules(text, { client: { handle: "acme", avoid: [avoid] } })).toEqual(found ? ["avoid"] : []);
});

test.for<{ text: string; broken: boolean }>([
  { text: "As an AI, I find coffee interesting", broken: true },
  { text: "As a large language model I drink none", broken: true },
  { text: "I'm an AI and I like tea", broken: true },
  { text: "I’m sorry, but I can’t write that", broken: true },
  { text: "I cannot assist with this request", broken: true },
  { text: "Since my knowledge cutoff nothing changed", broken: true },
  { text: "Als KI trinke ich keinen Kaffee", broken: true },
  { text: "En tant qu’IA, je ne bois pas", broken: true },
  { text: "Como modelo de lenguaje no bebo", broken: true },
  { text: "AIとしてお答えします", broken: true },
  { text: "作为一个人工智能,我不喝咖啡", broken: true },
  { text: "As an AI company we drink a lot of coffee", broken: false },
  { text: "As an aid to memory, write it down", broken: false },
  { text: "Als Kind mochte ich keinen Kaffee", broken: false },
  { text: "Como iam dizendo", broken: false },
  { text: "We said as always: aim lower", broken: false },
])('"$text" speaks as a model: $broken', ({ text, broken }) => {
  expect(brokenRules(text)).toEqual(broken ? ["model-talk"] : []);
});
