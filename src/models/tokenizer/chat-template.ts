/** Renders a conversation to the prompt text that the model was trained on. */
import { Template } from '@huggingface/jinja';
import { OctavoError } from '../../errors.js';
import type { ChatMessage, ChatTemplate } from '../served-model.js';

/** Tokens that templates name, from tokenizer_config.json. */
export type SpecialTokens = Readonly<Record<string, string>>;

/** A conversation as the template sees it: OpenAI's messages and tools, as they were written. */
export interface Conversation {
  readonly messages: readonly object[];
  readonly tools?: readonly object[];
}

export class JinjaChatTemplate implements ChatTemplate {
  readonly #template: Template;
  readonly #tokens: SpecialTokens;

  /** Throws `invalid_model` when the template does not parse. */
  constructor(source: string, tokens: SpecialTokens) {
    try {
      this.#template = new Template(source);
    } catch (error) {
      throw new OctavoError('invalid_model', `The chat template does not parse: ${(error as Error).message}`);
    }
    this.#tokens = tokens;
  }

  render(messages: readonly ChatMessage[]): string {
    return this.#render({ messages: [...messages], add_generation_prompt: true });
  }

  /** The text of a finished conversation: nothing asks for another answer. Throws as `render`. */
  renderWhole(conversation: Conversation): string {
    return this.#render({ ...conversation, add_generation_prompt: false });
  }

  #render(values: Record<string, unknown>): string {
    try {
      return this.#template.render({ ...this.#tokens, ...values });
    } catch (error) {
      const message = `The model's chat template refuses these messages: ${(error as Error).message}`;
      throw new OctavoError('invalid_value', message, 'messages');
    }
  }
}
