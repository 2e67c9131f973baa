/** Text to token ids, by @huggingface/tokenizers. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';

/** Parsed tokenizer.json and tokenizer_config.json. */
export interface EncoderSource {
  readonly tokenizer: object;
  readonly config: object;
}

export interface EncodeRequest {
  readonly text: string;
  readonly addSpecialTokens: boolean;
}

export function createEncoder({ tokenizer, config }: EncoderSource): (request: EncodeRequest) => number[] {
  const encoder = new HuggingFaceTokenizer(tokenizer, config);
  return ({ text, addSpecialTokens }) => encoder.encode(text, { add_special_tokens: addSpecialTokens }).ids;
}
