/** Greedy tokens by transformers.js: reads [{ folder, prompts, count }] from standard input, writes tokens by model and prompt. */
import { basename, dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { AutoModelForCausalLM, env, LogLevel, Tensor } from '@huggingface/transformers';

env.allowRemoteModels = false;
env.useFSCache = false;
env.logLevel = LogLevel?.ERROR ?? env.logLevel;

const answers = [];
for (const { folder, prompts, count } of JSON.parse(await text(process.stdin))) {
  env.localModelPath = dirname(folder);
  // Precision and files as the folder's own config.json names them.
  const model = await AutoModelForCausalLM.from_pretrained(basename(folder), { device: 'cpu' });
  const tokens = [];
  for (const ids of prompts) tokens.push(await generate(model, ids, count));
  answers.push(tokens);
  await model.dispose();
}
process.stdout.write(JSON.stringify(answers));

async function generate(model, ids, count) {
  const output = await model.generate({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]),
    max_new_tokens: count,
    do_sample: false,
    // No end: as many tokens as asked for.
    eos_token_id: null,
  });
  return output.tolist()[0].slice(ids.length).map(Number);
}
