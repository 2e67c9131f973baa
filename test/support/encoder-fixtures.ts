/** The checkpoints of test/fixtures/encoders, each with what transformers computes for it (scripts/reference). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ReferenceText {
  readonly ids: readonly number[];
  /** Of a model that embeds: the states of the first and the last token, one after the other. */
  readonly states?: readonly number[];
  readonly embedding?: readonly number[];
  /** Of a model that classifies, or that labels each token. */
  readonly logits?: readonly number[];
}

export interface EncoderFixture {
  readonly name: string;
  /** The checkpoint. */
  readonly folder: string;
  readonly texts: readonly ReferenceText[];
}

const root = fileURLToPath(new URL('../fixtures/encoders', import.meta.url));

export const encoderFixtures: readonly EncoderFixture[] = readdirSync(root)
  .sort()
  .map((name) => {
    const folder = join(root, name);
    const { texts } = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as EncoderFixture;
    return { name, folder, texts };
  });
