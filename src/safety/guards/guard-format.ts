/** How one kind of generative guard is asked about a text, and what its reply says. It knows no model and no token. */
import type { Direction } from '../screen.js';

export interface GuardTurn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** Turns of a conversation, which the checkpoint's chat template frames with its policy; or a prompt as it stands. */
export type GuardQuestion = { readonly turns: readonly GuardTurn[] } | { readonly prompt: string };

export interface GuardReply {
  readonly text: string;
  /** It ended by itself, or at a stop string: it was not cut for its length. */
  readonly whole: boolean;
  /** Of its tokens together, 0 to 1; 1 where the format does not ask for it. */
  readonly probability: number;
}

/** Scores by label, 0 to 1; a label that is absent scored 0. */
export type LabelScores = ReadonlyMap<string, number>;

export interface GuardFormat {
  /** What `guard` in moderation.json calls it. */
  readonly name: string;
  /** Everything that a reply can name, and the categories that each stands for where moderation.json does not say. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** What only the chat templates of its checkpoints write; `null`: moderation.json must name it. */
  readonly mark: string | null;
  /** The longest reply, in tokens. */
  readonly replyTokens: number;
  /** Its scores follow from how likely the model thinks its reply. */
  readonly byProbability: boolean;
  /** Text after which a reply says nothing that is needed. */
  readonly stopStrings: readonly string[];
  /** One question or several about a text. The text of others cannot end its turn: see `defused`. */
  ask(text: string, direction: Direction): readonly GuardQuestion[];
  /** Of the replies to these questions, in order. Throws where one is not of this format: that is never "safe". */
  read(replies: readonly GuardReply[]): LabelScores;
}

/** `format` is not what replied. The reply itself is not told: it may quote the text. */
export function unreadable({ name }: Pick<GuardFormat, 'name'>): Error {
  return new Error(`the guard's reply is not of the format ${name}`);
}

/** A text about a model, in the turn of who wrote it. Templates want a user's turn first; what was asked is not known. */
export function turnsOf(text: string, direction: Direction): GuardQuestion {
  const turn = { text: defused(text) };
  if (direction === 'prompt') return { turns: [{ role: 'user', ...turn }] };
  return {
    turns: [
      { role: 'user', text: '' },
      { role: 'assistant', ...turn },
    ],
  };
}

/** Control tokens (`<|eot_id|>`, `<end_of_turn>`) and marks of a policy (`<END CONVERSATION>`) as text that is none. */
export function defused(text: string): string {
  return text.replace(/<(?=[|/\p{L}_][^\s<>]{0,63}>|(?:BEGIN|END) )/gu, '< ');
}
