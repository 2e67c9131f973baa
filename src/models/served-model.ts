/** A model as the server sees it: names, limits, text to tokens and back. No tensor. */
import type { CacheElement } from './decoder/kv-arena.js';
import type { Receipt } from './receipt/receipt.js';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly name?: string;
}

/** A message in parts, as templates of models that see pictures want it. */
export interface PartsMessage {
  readonly role: string;
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
}

/** Text to token ids. */
export interface TextTokenizer {
  readonly vocabSize: number;
  /** The longest text, in characters, that `maxTokens` tokens can stand for: a cheap bound before encoding. */
  maxCharacters(maxTokens: number): number;
  /** `addSpecialTokens` adds what the model expects around plain text (a begin token); rendered chats have it already. */
  encode(text: string, options: { readonly addSpecialTokens: boolean }): Promise<readonly number[]>;
}

/** Text to token ids and back. */
export interface Tokenizer extends TextTokenizer {
  decode(ids: readonly number[]): string;
  /** A detokenizer for one sequence: its pieces joined are exactly the text of all its tokens. */
  stream(): Detokenizer;
}

export interface Detokenizer {
  /** The text that this token completes; empty while a character is incomplete. */
  push(id: number): string;
  /** What is left at the end. */
  flush(): string;
}

export interface ChatTemplate {
  /** The prompt text of a conversation. Throws `invalid_value` on `messages` when the template refuses it. */
  render(messages: readonly (ChatMessage | PartsMessage)[]): string;
}

/** How a model was loaded; shown at start and in `/v1/models`. */
export interface RuntimeInfo {
  /** `ort-c-api` (in-place KV cache) or `onnxruntime-node` (the fallback). */
  readonly runtime: string;
  /** Why it is not the first choice; empty when it is. */
  readonly runtimeReason: string;
  /** Version of ONNX Runtime. */
  readonly version: string;
  /** Execution provider, and why it was chosen; of several replicas the first one's. */
  readonly provider: string;
  readonly providerReason: string;
  /** The provider of each replica. */
  readonly devices: readonly string[];
  readonly threads: number;
  /** Which provider runs how much of the graph, for a person; empty where the runtime does not tell. */
  readonly placement: string;
  /** Sequences, or texts, of one step at most; a decoder has as many rows in its KV arena. */
  readonly rows: number;
}

/** What is known of every model. */
interface ModelFacts {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly architecture: string;
  /** As it was built, such as `int8`; of an export by others the name of its variant. */
  readonly precision: string;
  /** Tokens of one sequence, or text, at most. */
  readonly contextLength: number;
  readonly runtime: RuntimeInfo;
  /** What whoever serves it should know of how it runs, a sentence each. */
  readonly remarks: readonly string[];
  /** What its precision costs and gains, as measured when it was built; `null` when nobody measured. */
  readonly receipt: Receipt | null;
}

/** A model that generates text. */
export interface ServedModel extends ModelFacts {
  /** The prompt and the output may have `contextLength` tokens each; otherwise they share them. */
  readonly encodesPrompts: boolean;
  /** What keys and values are stored as. */
  readonly kvCache: CacheElement;
  /** Tokens at which the model ends by itself. */
  readonly endTokens: readonly number[];
  readonly tokenizer: Tokenizer;
  /** `null`: the model has no chat template. */
  readonly chatTemplate: ChatTemplate | null;
  /** The model's own sampling defaults (generation_config.json). */
  readonly defaults: { readonly temperature?: number; readonly topP?: number; readonly topK?: number };
}

/** A tokenizer that can also cut: the special tokens at the end of a text stay. */
export interface CuttingTokenizer extends TextTokenizer {
  /** The fewest tokens that leave room for one of the text. */
  readonly minTokens: number;
  /** The first of `ids` and the special tokens that end them: `length` in all, at least `minTokens`. */
  cut(ids: readonly number[], length: number): readonly number[];
}

/** What an encoder says of a text: where it lies, or what it is. */
export type EncoderHead =
  | { readonly task: 'embed'; readonly dimensions: number }
  | { readonly task: 'classify'; readonly labels: readonly string[]; readonly scores: 'softmax' | 'sigmoid' };

/** A model that reads a text at once, and gives one row of numbers for it. */
export interface ServedEncoder extends ModelFacts {
  readonly head: EncoderHead;
  readonly tokenizer: CuttingTokenizer;
}
