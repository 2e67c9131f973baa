/** The checkpoints of test/fixtures/encoder-decoders, each with what transformers computes for it (scripts/reference). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ReferencePrompt {
  readonly ids: readonly number[];
  /** The encoder's states at some of its positions. */
  readonly states: readonly { readonly position: number; readonly values: readonly number[] }[];
  /** Logits of some of the output's tokens. */
  readonly logits: readonly { readonly step: number; readonly values: readonly number[] }[];
  /** The output, each token the most likely one. */
  readonly greedy: readonly number[];
}

export interface EncoderDecoderFixture {
  readonly name: string;
  /** The checkpoint. */
  readonly folder: string;
  readonly prompts: readonly ReferencePrompt[];
}

export const encoderDecoderRoot = fileURLToPath(new URL('../fixtures/encoder-decoders', import.meta.url));

export function readFixture<Value>(...path: readonly string[]): Value {
  return JSON.parse(readFileSync(join(encoderDecoderRoot, ...path), 'utf8')) as Value;
}

export const encoderDecoderFixtures: readonly EncoderDecoderFixture[] = ['t5', 't5-gated'].map((name) => {
  const { prompts } = readFixture<{ prompts: readonly ReferencePrompt[] }>(name, 'reference.json');
  return { name, folder: join(encoderDecoderRoot, name), prompts };
});
