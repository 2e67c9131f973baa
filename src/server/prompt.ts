/** From what the caller wrote to the token ids that the model sees: screened, rendered, encoded, bounded. */
import { OctavoError } from '../errors.js';
import type { ChatMessage, ServedModel, TextTokenizer } from '../models/served-model.js';
import type { MaybePromise } from '../safety/maybe-promise.js';
import type { Released } from '../safety/safety.js';
import { failureCategory } from '../safety/watched-screen.js';
import type { TextsField } from './schema/texts-field.js';

/** Text as it is, or its token ids. */
export type WrittenPrompt =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ids'; readonly ids: readonly number[] };

export type Prompt = WrittenPrompt | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] };

export type ScreenText = (text: string) => MaybePromise<Released>;

/** What the model is asked to read: text, or ids where the caller gave ids and no rule changed their text. */
export type ModelInput =
  | { readonly text: string; readonly addSpecialTokens: boolean }
  | { readonly ids: readonly number[] };

/** One prompt for each text, or list of token ids, of a field. */
export function toPrompts(field: TextsField): readonly WrittenPrompt[] {
  if (typeof field === 'string') return [{ kind: 'text', text: field }];
  if (typeof field[0] === 'number') return [{ kind: 'ids', ids: field as readonly number[] }];
  return (field as readonly (string | readonly number[])[]).map((one) =>
    typeof one === 'string' ? { kind: 'text', text: one } : { kind: 'ids', ids: one },
  );
}

/**
 * Applies the safety filter to what the caller wrote, before the chat template frames it: redactions are what the
 * model sees. Throws `content_filter`, `screen_failed`, and `context_length_exceeded` for what cannot fit, before
 * anything spends time on it; for a chat also what the template throws.
 */
export async function screenPrompt(prompt: Prompt, model: ServedModel, screen: ScreenText): Promise<ModelInput> {
  switch (prompt.kind) {
    case 'text':
      checkCharacters(prompt.text.length, model, 'prompt');
      return { text: await screenText(prompt.text, 'prompt', screen), addSpecialTokens: true };
    case 'ids':
      return screenIds(prompt.ids, model, screen);
    case 'chat':
      return { text: await renderChat(prompt.messages, model, screen), addSpecialTokens: false };
  }
}

/** Token ids, at least one. Throws `invalid_value` for an empty prompt, `context_length_exceeded` for a hopeless one. */
export async function encodeInput(input: ModelInput, model: ServedModel, field: string): Promise<readonly number[]> {
  if ('ids' in input) return input.ids;
  checkCharacters(input.text.length, model, field);
  const ids = await model.tokenizer.encode(input.text, { addSpecialTokens: input.addSpecialTokens });
  if (ids.length === 0) throw new OctavoError('invalid_value', `'${field}' is empty: it has no tokens.`, field);
  // The tokenizer of an export may know more tokens than its model.
  return checkIds(ids, model.tokenizer, field);
}

async function screenIds(ids: readonly number[], model: ServedModel, screen: ScreenText): Promise<ModelInput> {
  const { tokenizer, contextLength } = model;
  if (ids.length > contextLength) {
    const message = `The context of this model is ${contextLength} tokens, but the prompt has ${ids.length}.`;
    throw new OctavoError('context_length_exceeded', message, 'prompt');
  }
  const text = tokenizer.decode(checkIds(ids, tokenizer, 'prompt'));
  const safe = await screenText(text, 'prompt', screen);
  return safe === text ? { ids } : { text: safe, addSpecialTokens: false };
}

async function renderChat(messages: readonly ChatMessage[], model: ServedModel, screen: ScreenText): Promise<string> {
  if (!model.chatTemplate) {
    const message = `The model '${model.id}' has no chat template; use /v1/completions.`;
    throw new OctavoError('invalid_value', message, 'model');
  }
  const characters = messages.reduce((total, message) => total + message.content.length, 0);
  checkCharacters(characters, model, 'messages');
  // Together: a classifier judges them in one batch.
  const safe = await Promise.all(messages.map((message, index) => screenMessage(message, index, screen)));
  return model.chatTemplate.render(safe);
}

/** The same ids. Throws `invalid_value` for one that the model does not have. */
export function checkIds(ids: readonly number[], { vocabSize }: TextTokenizer, field: string): readonly number[] {
  const wrong = ids.find((id) => id >= vocabSize);
  if (wrong === undefined) return ids;
  const message = `Token id ${wrong} does not exist: ids of this model are below ${vocabSize}.`;
  throw new OctavoError('invalid_value', message, field);
}

/** The cheap bound: no text of so many characters can fit the context. Throws `context_length_exceeded`. */
export function checkCharacters(
  characters: number,
  { tokenizer, contextLength }: { readonly tokenizer: TextTokenizer; readonly contextLength: number },
  field: string,
): void {
  const most = tokenizer.maxCharacters(contextLength);
  if (characters <= most) return;
  const message = `The context of this model is ${contextLength} tokens, which hold ${most} characters at most, however they are cut; '${field}' has ${characters}.`;
  throw new OctavoError('context_length_exceeded', message, field);
}

async function screenMessage(message: ChatMessage, index: number, screen: ScreenText): Promise<ChatMessage> {
  const content = await screenText(message.content, `messages[${index}].content`, screen);
  if (message.name === undefined) return { ...message, content };
  return { ...message, content, name: await screenText(message.name, `messages[${index}].name`, screen) };
}

async function screenText(text: string, field: string, screen: ScreenText): Promise<string> {
  const { blocked, text: safe, findings } = await screen(text);
  if (!blocked) return safe;
  if (findings.at(-1)?.category === failureCategory) {
    throw new OctavoError('screen_failed', 'The safety filter could not judge the prompt; try again.', field);
  }
  throw new OctavoError('content_filter', "The prompt was blocked by this server's safety filter.", field);
}
