/** Renders a conversation to the prompt text that the model was trained on. */
import { Template } from '@huggingface/jinja';
import { OctavoError } from '../../errors.js';
import type { ChatMessage, ChatTemplate, PartsMessage } from '../served-model.js';
import { Unbounded, withinTime } from './time-limit.js';

/** Tokens that templates name, from tokenizer_config.json. */
export type SpecialTokens = Readonly<Record<string, string>>;

/** A conversation as the template sees it: OpenAI's messages and tools, as they were written. */
export interface Conversation {
  readonly messages: readonly object[];
  readonly tools?: readonly object[];
}

/** A template is a program that came with the model: it may run for ever, or write without end. */
const maxMilliseconds = 1000;
const maxSource = 1 << 20;
const maxOutput = 1 << 24;
/** As in the sandbox in which transformers renders templates (`MAX_RANGE` of jinja2): a list takes its memory at once. */
const maxRange = 100_000;

export class JinjaChatTemplate implements ChatTemplate {
  readonly #template: Template;
  readonly #tokens: SpecialTokens;

  /** Throws `invalid_model` when the template does not parse, or does not come to an end with one short message. */
  constructor(source: string, tokens: SpecialTokens) {
    if (source.length > maxSource) throw unusable(`it has ${source.length} characters, at most ${maxSource}`);
    try {
      this.#template = withinTime(maxMilliseconds, () => withBoundedRange(new Template(source)));
    } catch (error) {
      throw new OctavoError('invalid_model', `The chat template does not parse: ${(error as Error).message}`);
    }
    this.#tokens = tokens;
    this.#try();
  }

  render(messages: readonly (ChatMessage | PartsMessage)[]): string {
    return this.#render({ messages: [...messages], add_generation_prompt: true });
  }

  /** The text of a finished conversation: nothing asks for another answer. Throws as `render`. */
  renderWhole(conversation: Conversation): string {
    return this.#render({ ...conversation, add_generation_prompt: false });
  }

  /** Many templates refuse a conversation this short, which is their right. */
  #try(): void {
    try {
      this.#bounded({ messages: [{ role: 'user', content: 'Hi' }], add_generation_prompt: true });
    } catch (error) {
      if (error instanceof Unbounded) throw unusable(error.message);
    }
  }

  #bounded(values: Record<string, unknown>): string {
    const text = withinTime(maxMilliseconds, () => this.#template.render({ boundedRange, ...this.#tokens, ...values }));
    if (text.length > maxOutput) throw new Unbounded(`it writes more than ${maxOutput} characters`);
    return text;
  }

  #render(values: Record<string, unknown>): string {
    try {
      return this.#bounded(values);
    } catch (error) {
      const message = `The model's chat template refuses these messages: ${(error as Error).message}`;
      throw new OctavoError('invalid_value', message, 'messages');
    }
  }
}

/** The interpreter's own `range` has no bound, and can be set by a template alone. */
function withBoundedRange(template: Template): Template {
  template.parsed.body.unshift(...new Template('{% set range = boundedRange %}').parsed.body);
  return template;
}

/** Jinja's `range`. Throws `Unbounded` beyond `maxRange` numbers. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  if (step === 0) throw new Error('range() takes no step of zero');
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > maxRange) throw new Unbounded(`it makes a list of ${length} numbers, at most ${maxRange}`);
  return Array.from({ length }, (_, index) => start + index * step);
}

function unusable(what: string): OctavoError {
  return new OctavoError('invalid_model', `The chat template cannot be used: ${what}.`);
}
