/** A model folder with a tiny guard: a real decoder that writes one reply, or random weights that write none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildModel } from '#octavo/models/build/build.js';
import { byteTokenizerFiles, byteTokens } from '#octavo/models/build/source/byte-tokenizer.js';
import { temporaryFolder } from './folders.js';
import { type TinyConfig, tinyLlama, tinyTensors, writeCheckpoint } from './tiny-checkpoint.js';

/** As Llama Guard's small models have it: messages in parts, a policy before them, an invitation after them. */
export const guardTemplate =
  "{%- if messages[0].role != 'user' -%}{{ raise_exception('a user begins') }}{%- endif -%}" +
  "{{- 'S9: Indiscriminate Weapons.\\n<BEGIN CONVERSATION>\\n' -}}" +
  "{%- for message in messages -%}{%- for part in message.content | selectattr('type', 'equalto', 'text') -%}" +
  "{{- message.role + ' ' + part.text + '\\n' -}}{%- endfor -%}{%- endfor -%}{{- '<END CONVERSATION>:' -}}";

export interface TinyGuard {
  /** What it answers to everything, no character twice and no colon; `null`: nonsense. */
  readonly reply: string | null;
  readonly template?: string;
  readonly moderation?: object;
  /** Tokens; a byte is one. */
  readonly context?: number;
}

/** Builds the folder; it is removed when the test file ends. */
export async function buildTinyGuard({
  reply,
  template = guardTemplate,
  moderation,
  context = 1024,
}: TinyGuard): Promise<string> {
  const parent = temporaryFolder();
  const source = join(parent, 'checkpoint');
  const config: TinyConfig = {
    ...{ ...tinyLlama, num_hidden_layers: 1, vocab_size: 264, eos_token_id: byteTokens.imEnd },
    ...{ max_position_embeddings: context, tie_word_embeddings: false },
    // A channel for each token.
    ...{ hidden_size: 272, num_attention_heads: 17, num_key_value_heads: 17 },
  };
  const tensors = tinyTensors(config);
  if (reply !== null) {
    for (const [name, { values }] of Object.entries(tensors)) values.fill(name.endsWith('norm.weight') ? 1 : 0);
    for (let token = 0; token < config.vocab_size; token++) set('model.embed_tokens.weight', token, token);
    const chain = [...Buffer.from(`:${reply}`), byteTokens.imEnd];
    for (const [at, token] of chain.slice(0, -1).entries()) set('lm_head.weight', chain[at + 1]!, token);
  }
  function set(name: string, row: number, column: number): void {
    tensors[name]!.values[row * config.hidden_size + column] = 1;
  }
  writeCheckpoint(source, config, tensors);
  const files = byteTokenizerFiles(context);
  const tokenizer = { ...(files['tokenizer_config.json'] as object), chat_template: template };
  writeFileSync(join(source, 'tokenizer.json'), JSON.stringify(files['tokenizer.json']));
  writeFileSync(join(source, 'tokenizer_config.json'), JSON.stringify(tokenizer));
  if (moderation) writeFileSync(join(source, 'moderation.json'), JSON.stringify(moderation));
  const out = join(parent, 'guard');
  await buildModel({ source, out, precision: 'fp32', name: 'tiny-guard' });
  return out;
}
