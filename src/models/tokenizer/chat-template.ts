/** Renders a conversation to the prompt text that the model was trained on. */
import { Template } from '@huggingface/jinja';
import { OctavoError } from '../../errors.js';
import type { ChatMessage, ChatTemplate } from '../served-model.js';

/** Tokens that templates name, from tokenizer_config.json. */
export type SpecialTokens = Readonly<Record<string, string>>;

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
    try {
      return this.#template.render({ ...this.#tokens, messages: [...messages], add_generation_prompt: true });
    } catch (error) {
      const message = `The model's chat template refuses these messages: ${(error as Error).message}`;
      throw new OctavoError('invalid_value', message, 'messages');
    }
  }
}
