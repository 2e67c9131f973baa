/** Text to token ids, by @huggingface/tokenizers. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { OctavoError } from '../../errors.js';

/** Parsed tokenizer.json and tokenizer_config.json. */
export interface EncoderSource {
  readonly tokenizer: object;
  readonly config: object;
}

export interface EncodeRequest {
  readonly text: string;
  readonly addSpecialTokens: boolean;
}

/** Throws `unsupported_model` for a tokenizer that the library does not know. */
export function createEncoder(source: EncoderSource): (request: EncodeRequest) => number[] {
  const encoder = open(source);
  return ({ text, addSpecialTokens }) => encoder.encode(text, { add_special_tokens: addSpecialTokens }).ids;
}

function open({ tokenizer, config }: EncoderSource): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(tokenizer, config);
  } catch (error) {
    const message = `tokenizer.json cannot be used: ${(error as Error).message}.`;
    throw new OctavoError('unsupported_model', message, null, { cause: error });
  }
}
