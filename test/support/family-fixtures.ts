/** The checkpoints of test/fixtures/families, each with what transformers computes for it (scripts/reference). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ReferencePrompt {
  readonly ids: readonly number[];
  /** Logits after some of its positions. */
  readonly logits: readonly { readonly position: number; readonly values: readonly number[] }[];
  /** The tokens that follow it, each the most likely one. */
  readonly greedy: readonly number[];
}

export interface Reference {
  readonly prompts: readonly ReferencePrompt[];
  /** Logits after the last token of each prompt, computed together. */
  readonly batch: readonly (readonly number[])[];
}

export interface FamilyFixture {
  readonly name: string;
  /** The checkpoint. */
  readonly folder: string;
  readonly reference: Reference;
}

const root = fileURLToPath(new URL('../fixtures/families', import.meta.url));

export const familyFixtures: readonly FamilyFixture[] = readdirSync(root)
  .sort()
  .map((name) => {
    const folder = join(root, name);
    return { name, folder, reference: JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as Reference };
  });
