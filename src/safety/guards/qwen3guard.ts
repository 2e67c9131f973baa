/**
 * Qwen3Guard-Gen: a line `Safety: Safe`, `Unsafe` or `Controversial`, a line `Categories: …`, and of an answer one that
 * says whether it is a refusal. The chat template has the policy (README of QwenLM/Qwen3Guard).
 */
import { type GuardFormat, type LabelScores, turnsOf, unreadable } from './guard-format.js';

const categories: GuardFormat['labels'] = {
  Violent: ['violence', 'illicit/violent'],
  'Non-violent Illegal Acts': ['illicit'],
  'Sexual Content or Sexual Acts': ['sexual'],
  PII: ['personal-data'],
  'Suicide & Self-Harm': ['self-harm'],
  // Hate, insults, threats and misinformation alike.
  'Unethical Acts': ['hate', 'harassment'],
  'Politically Sensitive Topics': ['political'],
  'Copyright Violation': ['intellectual-property'],
  // Of prompts alone.
  Jailbreak: ['jailbreak'],
};

/** Controversial is what some find unsafe and others do not: a threshold above it leaves it out. */
const scoreOf: Readonly<Record<string, number>> = { Unsafe: 1, Controversial: 0.5 };

export const qwen3Guard: GuardFormat = {
  name: 'qwen3guard-gen',
  labels: categories,
  mark: "'Safety: Safe', 'Safety: Unsafe', 'Safety: Controversial'",
  // The names of all categories; the model card asks for as many.
  replyTokens: 128,
  byProbability: false,
  stopStrings: ['\nRefusal:'],
  ask: (text, direction) => [turnsOf(text, direction)],
  read: (replies) => {
    const reply = replies[0];
    const scores = reply?.whole ? readVerdict(reply.text.trim()) : null;
    if (scores === null) throw unreadable(qwen3Guard);
    return scores;
  },
};

/** `null`: it is none, or one that contradicts itself. */
function readVerdict(text: string): LabelScores | null {
  const [, safety, list] = /^Safety: (Safe|Unsafe|Controversial)\s*\nCategories: ([^\n]+)$/.exec(text) ?? [];
  if (safety === undefined || list === undefined) return null;
  const named = list.trim().split(/\s*,\s*/);
  const isNone = named.length === 1 && named[0] === 'None';
  if (safety === 'Safe') return isNone ? new Map() : null;
  if (!named.every((name) => Object.hasOwn(categories, name))) return null;
  return new Map(named.map((name) => [name, scoreOf[safety]!]));
}
