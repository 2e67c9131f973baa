/** What a generative guard is asked, as its model reads it: framed by its chat template, then as token ids. */
import { invariant } from '../errors.js';
import type { ChatTemplate, ServedModel } from '../models/served-model.js';
import type { GuardQuestion, GuardTurn } from '../safety/guards/guard-format.js';

/** The prompt of a conversation. Throws where the template refuses it. */
export type Frame = (turns: readonly GuardTurn[]) => string;

const sample = 'Which text is it about?';

/** A frame that shows the model what it is to judge; `null`: the template has no place for it, or there is none. */
export function findFrame(template: ChatTemplate | null): Frame | null {
  if (template === null) return null;
  const frames: readonly Frame[] = [
    (turns) => template.render(turns.map(({ role, text }) => ({ role, content: text }))),
    // As models that could judge pictures too want it: Llama Guard 3 1B and 11B, and Llama Guard 4.
    (turns) => template.render(turns.map(({ role, text }) => ({ role, content: [{ type: 'text', text }] }))),
  ];
  return frames.find((frame) => framedSample(frame)?.includes(sample)) ?? null;
}

/** What is written for one short prompt; `null` where it is refused. */
export function framedSample(frame: Frame | null): string | null {
  try {
    return frame?.([{ role: 'user', text: sample }]) ?? null;
  } catch {
    return null;
  }
}

/** Token ids of a question. */
export function encodeQuestion(
  question: GuardQuestion,
  { tokenizer }: Pick<ServedModel, 'tokenizer'>,
  frame: Frame | null,
): Promise<readonly number[]> {
  if ('prompt' in question) return tokenizer.encode(question.prompt, { addSpecialTokens: true });
  invariant(frame !== null, 'a guard that is asked by turns has a frame for them');
  return tokenizer.encode(frame(question.turns), { addSpecialTokens: false });
}
