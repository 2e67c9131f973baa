/** What a chat says of a reply, in words that are not the model's. */
import { counted } from '../counted.js';
import type { OctavoError } from '../errors.js';
import { Refusal, type Reply } from './chat-reply.js';

/** `hasPast`: there were messages before the one that failed. */
export function describeFailure(error: OctavoError, hasPast: boolean): string {
  if (!(error instanceof Refusal && error.isTooLong)) return error.message;
  if (!hasPast) return `Your message is too long for the model, and was left out. ${error.message}`;
  return `The conversation is too long for the model, so your message was left out. ${error.message} (/new begins another conversation.)`;
}

/** `null`: the model ended it. */
export function describeEnd(
  { content, finish, isStopped }: Reply,
  { maxTokens, isRemote }: { readonly maxTokens: number | null; readonly isRemote: boolean },
): string | null {
  if (isStopped && content === '') return '(Stopped before the reply began: your message was left out.)';
  if (isStopped) return '(Stopped: what was said stays in the conversation.)';
  if (finish === 'content_filter') return '(The safety filter ended the reply.)';
  if (finish !== 'length') return null;
  if (maxTokens !== null) return `(The reply was cut at ${counted(maxTokens, 'token')}, as --max-tokens says.)`;
  const why = isRemote ? 'it is as long as the server allows' : 'the context of the model is full';
  return `(The reply was cut: ${why}. /new begins another conversation.)`;
}
