/** The texts that encoders are measured on: those of a file, or of the bundled one. */
import { bundledTextFile } from '../bundled-text.js';
import { loadEncoderTokenizer } from '../load-encoder.js';
import type { ModelFolder } from '../model-folder.js';
import type { EncoderTokenizer } from '../tokenizer/encoder-tokenizer.js';
import type { TextOptions } from './gauge-options.js';
import type { ReadText } from './receipt.js';
import { readTexts } from './text-file.js';

/** One text as an encoder reads it. */
export interface EncoderText {
  /** Token ids, the special ones around the text included. */
  readonly ids: readonly number[];
  /** Where in `ids` the text's own tokens begin, and how many they are. */
  readonly first: number;
  readonly count: number;
}

export interface EncoderTexts {
  readonly info: ReadText;
  readonly texts: readonly EncoderText[];
}

/** Longer texts are cut to this many tokens. */
const longestText = 512;

/** At least two texts, and no more than `tokens` beyond them. Throws `invalid_config` for a file that cannot be used. */
export async function readEncoderTexts(folder: ModelFolder, { text, tokens }: TextOptions): Promise<EncoderTexts> {
  const { texts: lines, ...facts } = await readTexts(text ?? bundledTextFile);
  const limit = Math.min(longestText, folder.manifest.shape.context);
  const tokenizer = await loadEncoderTokenizer(folder, folder.manifest.shape.vocab);
  const texts: EncoderText[] = [];
  let total = 0;
  try {
    for (const line of lines) {
      const encoded = await encodeText(tokenizer, line, limit);
      total += encoded.ids.length;
      if (tokens !== null && texts.length >= 2 && total > tokens) break;
      texts.push(encoded);
    }
  } finally {
    await tokenizer.close();
  }
  const lengths = texts.map(({ ids }) => ids.length);
  const counts = {
    texts: texts.length,
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    longest: Math.max(...lengths),
  };
  return { info: { source: text === null ? 'bundled' : 'file', ...facts, ...counts }, texts };
}

async function encodeText(tokenizer: EncoderTokenizer, text: string, limit: number): Promise<EncoderText> {
  const framed = await tokenizer.encode(text, { addSpecialTokens: true });
  const bare = await tokenizer.encode(text, { addSpecialTokens: false });
  const ids = tokenizer.cut(framed, limit);
  const first = framed.findIndex((_, start) => bare.every((id, at) => framed[start + at] === id));
  if (first < 0) return { ids, first: 0, count: ids.length };
  const after = framed.length - first - bare.length;
  return { ids, first, count: ids.length - first - after };
}
