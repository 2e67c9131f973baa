/**
 * Llama Guard 3 and 4: `safe`, or `unsafe` and a line of hazards of the MLCommons taxonomy, such as `S1,S10`. The chat
 * template has the policy, and judges the last turn (model cards of Llama-Guard-3-8B and Llama-Guard-4-12B).
 */
import { type GuardFormat, type LabelScores, turnsOf, unreadable } from './guard-format.js';

const hazards: GuardFormat['labels'] = {
  // Violent crimes.
  S1: ['violence', 'illicit/violent'],
  // Non-violent crimes.
  S2: ['illicit'],
  // Sex-related crimes.
  S3: ['sexual'],
  // Child sexual exploitation.
  S4: ['sexual/minors'],
  // Defamation.
  S5: ['harassment'],
  S6: ['specialized-advice'],
  // Privacy.
  S7: ['personal-data'],
  S8: ['intellectual-property'],
  // Indiscriminate weapons.
  S9: ['illicit/violent'],
  S10: ['hate'],
  // Suicide and self-harm.
  S11: ['self-harm'],
  // Sexual content.
  S12: ['sexual'],
  S13: ['elections'],
  // Code interpreter abuse; the smallest models do not have it.
  S14: ['illicit'],
};

/** The policies of both have this line; Llama Guard 2 counts otherwise, and so is not taken for them. */
export const llamaGuard3 = llamaGuard('llama-guard-3', 'S9: Indiscriminate Weapons');
export const llamaGuard4 = llamaGuard('llama-guard-4', null);

function llamaGuard(name: string, mark: string | null): GuardFormat {
  return {
    name,
    labels: hazards,
    mark,
    // Two empty lines, "unsafe", and every hazard with its comma.
    replyTokens: 64,
    byProbability: false,
    stopStrings: [],
    ask: (text, direction) => [turnsOf(text, direction)],
    read: (replies) => {
      const reply = replies[0];
      const scores = reply?.whole ? readVerdict(reply.text.trim()) : null;
      if (scores === null) throw unreadable({ name });
      return scores;
    },
  };
}

/** `null`: it is none. */
function readVerdict(text: string): LabelScores | null {
  if (text === 'safe') return new Map();
  const named = /^unsafe\s*\n\s*(S\d+(?:\s*,\s*S\d+)*)$/.exec(text)?.[1]?.split(/\s*,\s*/);
  if (named === undefined || !named.every((code) => Object.hasOwn(hazards, code))) return null;
  return new Map(named.map((code) => [code, 1]));
}
