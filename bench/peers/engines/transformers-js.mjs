/** transformers.js on Octavo's INT8 file: one static batch of `generate`. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { npmPackages } from '../cache.mjs';
import { promptIds } from '../cases.mjs';
import { octavoModel } from '../octavo-model.mjs';

const version = '4.3.1';
const install = () => npmPackages('transformers-js', [`@huggingface/transformers@${version}`]);

export const peer = {
  name: 'transformers.js, INT8 (W8A8)',
  version: async () => version,
  async prepare(shape) {
    await install();
    await octavoModel(shape);
  },
  async open({ shape, threads }) {
    const entry = 'node_modules/@huggingface/transformers/dist/transformers.node.mjs';
    const library = await import(pathToFileURL(path.join(await install(), entry)));
    const folder = await octavoModel(shape);
    Object.assign(library.env, { allowRemoteModels: false, useFSCache: false, localModelPath: path.dirname(folder) });
    const model = await library.AutoModelForCausalLM.from_pretrained(path.basename(folder), {
      ...{ device: 'cpu', dtype: 'q8' },
      session_options: { intraOpNumThreads: threads },
    });
    return { run: (plan) => generate(library, model, plan), close: () => model.dispose() };
  },
};

async function generate({ Tensor, BaseStreamer }, model, plan) {
  const { rows, prompt, steps } = plan;
  const ids = Array.from({ length: rows }, (_, row) => promptIds(row, plan)).flat();
  const times = [];
  const started = performance.now();
  class Clock extends BaseStreamer {
    put() {
      times.push(performance.now() - started);
    }
    end() {}
  }
  await model.generate({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [rows, prompt]),
    attention_mask: new Tensor('int64', new BigInt64Array(rows * prompt).fill(1n), [rows, prompt]),
    ...{ max_new_tokens: steps, do_sample: false, eos_token_id: null, streamer: new Clock() },
  });
  // The streamer is given the prompt before the first token.
  return Array.from({ length: rows }, () => times.slice(1));
}
