/** A disguised term that has begun in a text: the letters found so far, and how they were written. */
import type { FoldedCharacter } from './characters.js';
import { isGap } from './evasive-term.js';
import type { TrieNode } from './term-trie.js';

/** Signs and runs of white space that may stand between two letters: " --- " between two words. */
export const longestGap = 5;

export interface Disguise {
  readonly node: TrieNode;
  /** Offset of its first character in the text. */
  readonly start: number;
  /** It began where a word may begin. */
  readonly isWord: boolean;
  /** One letter at least is a letter, not a digit or sign: "455" is a number. */
  readonly hasLetter: boolean;
  /** How the letters of the word in hand are written: next to each other somewhere, or with white space somewhere. */
  readonly layout: 'open' | 'solid' | 'spaced';
  /** Signs and runs of white space since the last letter, and whether white space is among them. */
  readonly gap: number;
  readonly isWide: boolean;
}

/** Two disguises of one key have the same future: only the one that began first counts. */
export function keyOf({ node, isWord, hasLetter, layout, gap, isWide }: Disguise): number {
  const layouts = layout === 'open' ? 0 : layout === 'solid' ? 1 : 2;
  const flags = (isWord ? 1 : 0) + (hasLetter ? 2 : 0) + (isWide ? 4 : 0);
  return ((node.id * 8 + gap) * 3 + layouts) * 8 + flags;
}

/** What the disguise may become with this character: a further letter, a letter repeated, a gap. */
export function continued(from: Disguise, character: FoldedCharacter): Disguise[] {
  const next: Disguise[] = [];
  const all = character.readings;
  for (const reading of all) {
    const hasLetter = from.hasLetter || reading === character.code || !character.leet;
    for (const node of from.node.next.get(reading) ?? []) {
      const layout = layoutOf(from, node);
      if (layout !== null && canMatch(node, from.isWord)) {
        next.push({ ...from, node, hasLetter, layout, gap: 0, isWide: false });
      }
    }
  }
  const repeated = repetition(from, character, all);
  if (repeated !== null) next.push(repeated);
  if (isGap(character) && from.gap < longestGap) {
    const isWide = from.isWide || character.kind === 'space';
    const widened: Disguise = { ...from, gap: from.gap + 1, isWide };
    if (mayGoOn(widened)) next.push(widened);
  }
  return next;
}

/** The disguise that begins with this character, if a term may. */
export function begun(
  root: TrieNode,
  character: FoldedCharacter,
  at: { start: number; isWord: boolean },
): readonly Disguise[] {
  const all = character.readings;
  if (!all.some((reading) => root.next.has(reading))) return none;
  const from = { node: root, ...at, hasLetter: false, layout: 'open', gap: 0, isWide: false } as const;
  return all.flatMap((reading) => {
    const hasLetter = reading === character.code || !character.leet;
    const nodes = (root.next.get(reading) ?? []).filter((node) => canMatch(node, at.isWord));
    return nodes.map((node) => ({ ...from, node, hasLetter }));
  });
}

const none: readonly Disguise[] = [];

/** Can a letter follow this gap, a further one or the last once more? */
function mayGoOn(disguise: Disguise): boolean {
  const { node, layout, isWide } = disguise;
  if ((!node.isAttached || node.again !== null) && !(isWide && layout === 'solid')) return true;
  for (const nodes of node.next.values()) {
    if (nodes.some((next) => canMatch(next, disguise.isWord) && layoutOf(disguise, next) !== null)) return true;
  }
  return false;
}

function canMatch({ rules }: TrieNode, isWord: boolean): boolean {
  return isWord || rules.anywhere.size > 0;
}

/** The same letter once more: a letter may be repeated, whatever stands for it, and with what is attached to it. */
function repetition(from: Disguise, character: FoldedCharacter, all: readonly number[]): Disguise | null {
  const { isWide } = from;
  const node = from.node.isAttached ? from.node.again : from.node;
  if (node === null) return null;
  const reading = all.find((one) => node.stands.has(one));
  if (reading === undefined || (isWide && from.layout === 'solid')) return null;
  const hasLetter = from.hasLetter || reading === character.code || !character.leet;
  return { ...from, node, hasLetter, layout: isWide ? 'spaced' : from.layout, gap: 0, isWide: false };
}

/**
 * White space between the letters of a word is a disguise only where all of its letters stand apart: "b a d", and not
 * "was hit". Signs alone may stand anywhere: "ba.d". `null` where the letter cannot follow.
 */
function layoutOf({ layout, gap, isWide }: Disguise, node: TrieNode): Disguise['layout'] | null {
  if (node.isAttached) return gap === 0 ? layout : null;
  if (node.beginsWord) return 'open';
  if (gap === 0) return layout === 'spaced' ? null : 'solid';
  if (!isWide) return layout;
  return layout === 'solid' ? null : 'spaced';
}
