/** llama.cpp without a server or a sampler: `llama-batched-bench`, the most that its kernels give. */
import path from 'node:path';
import { runProgram } from '../cache.mjs';
import { gguf } from '../gguf.mjs';
import { llamaCpp, llamaVersion } from '../llama-cpp.mjs';

export function createPeer(quantisation) {
  return {
    name: `llama-batched-bench, ${quantisation}`,
    version: llamaVersion,
    async prepare(shape) {
      await llamaCpp();
      await gguf(shape, quantisation);
    },
    async open({ shape, threads }) {
      const program = path.join(await llamaCpp(), 'llama-batched-bench');
      const model = await gguf(shape, quantisation);
      const run = async ({ rows, prompt, steps, capacity }) => {
        const sizes = { '-c': rows * capacity, '-t': threads, '-npp': prompt, '-ntg': steps, '-npl': rows };
        const args = Object.entries({ '-m': model, ...sizes, '--output-format': 'jsonl', '-lv': 4 }).flat();
        const output = await runProgram(program, args.map(String));
        // Its log comes on the same stream, and may stand before it on its line.
        const [line] = /\{"n_kv_max".*\}/.exec(output) ?? [];
        if (line === undefined) throw new Error(`llama-batched-bench printed no result: ${output.slice(-300)}`);
        const { t_pp: seconds, speed_pp: prefill, speed_tg: decode } = JSON.parse(line);
        return { prefill, decode, firstTokenMs: 1000 * seconds };
      };
      return { run, close: async () => {} };
    },
  };
}
