/** From what the caller wrote to the token ids that the model sees: screened, rendered, encoded, bounded. */
import { OctavoError } from '../errors.js';
import type { ChatMessage, ServedModel, TextTokenizer } from '../models/served-model.js';
import type { PromptVerdict } from '../safety/safety.js';
import type { TextsField } from './schema/texts-field.js';

/** Text as it is, or its token ids. */
export type WrittenPrompt =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ids'; readonly ids: readonly number[] };

export type Prompt = WrittenPrompt | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] };

export type ScreenText = (text: string) => PromptVerdict;

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
 * model sees. Throws `content_filter`, and `context_length_exceeded` for what cannot fit, before anything spends
 * time on it; for a chat also what the template throws.
 */
export function screenPrompt(prompt: Prompt, model: ServedModel, screen: ScreenText): ModelInput {
  switch (prompt.kind) {
    case 'text':
      checkCharacters(prompt.text.length, model, 'prompt');
      return { text: screenText(prompt.text, 'prompt', screen), addSpecialTokens: true };
    case 'ids':
      return screenIds(prompt.ids, model, screen);
    case 'chat':
      return { text: renderChat(prompt.messages, model, screen), addSpecialTokens: false };
  }
}

/** Token ids, at least one. Throws `invalid_value` for an empty prompt, `context_length_exceeded` for a hopeless one. */
export async function encodeInput(input: ModelInput, model: ServedModel, field: string): Promise<readonly number[]> {
  if ('ids' in input) return input.ids;
  checkCharacters(input.text.length, model, field);
  const ids = await model.tokenizer.encode(input.text, { addSpecialTokens: input.addSpecialTokens });
  if (ids.length === 0) throw new OctavoError('invalid_value', `'${field}' is empty: it has no tokens.`, field);
  return ids;
}

function screenIds(ids: readonly number[], model: ServedModel, screen: ScreenText): ModelInput {
  const { tokenizer, contextLength } = model;
  if (ids.length > contextLength) {
    const message = `The context of this model is ${contextLength} tokens, but the prompt has ${ids.length}.`;
    throw new OctavoError('context_length_exceeded', message, 'prompt');
  }
  const text = tokenizer.decode(checkIds(ids, tokenizer, 'prompt'));
  const safe = screenText(text, 'prompt', screen);
  return safe === text ? { ids } : { text: safe, addSpecialTokens: false };
}

function renderChat(messages: readonly ChatMessage[], model: ServedModel, screen: ScreenText): string {
  if (!model.chatTemplate) {
    const message = `The model '${model.id}' has no chat template; use /v1/completions.`;
    throw new OctavoError('invalid_value', message, 'model');
  }
  const characters = messages.reduce((total, message) => total + message.content.length, 0);
  checkCharacters(characters, model, 'messages');
  const safe = messages.map((message, index) => ({
    ...message,
    content: screenText(message.content, `messages[${index}].content`, screen),
    ...(message.name !== undefined && { name: screenText(message.name, `messages[${index}].name`, screen) }),
  }));
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
  if (characters <= tokenizer.maxCharacters(contextLength)) return;
  const message = `The context of this model is ${contextLength} tokens; '${field}' of ${characters} characters is more than it can hold.`;
  throw new OctavoError('context_length_exceeded', message, field);
}

function screenText(text: string, field: string, screen: ScreenText): string {
  const verdict = screen(text);
  if (verdict.blocked) {
    throw new OctavoError('content_filter', "The prompt was blocked by this server's safety rules.", field);
  }
  return verdict.text;
}
