/** OpenVINO GenAI with continuous batching, weights in INT8 as `optimum-cli export openvino --weight-format int8` makes them. */
import path from 'node:path';
import { cached, once, runProgram } from '../cache.mjs';
import { allPrompts } from '../cases.mjs';
import { checkpoint } from '../checkpoint.mjs';
import { openvinoVersion, pythonEnvironment } from '../python-environment.mjs';
import { startProgram } from '../python-program.mjs';

const script = new URL('../python/openvino_batching.py', import.meta.url).pathname;

/** The folder of a shape, exported when it is not there yet. */
async function exported(shape) {
  const source = await checkpoint(shape);
  const program = path.join(path.dirname(await pythonEnvironment()), 'optimum-cli');
  await once([shape, 'openvino-int8'], (folder) => {
    const task = ['--task', 'text-generation-with-past', '--weight-format', 'int8'];
    return runProgram(program, ['export', 'openvino', '--model', source, ...task, path.join(folder, 'model')]);
  });
  return cached(shape, 'openvino-int8', 'model');
}

export const peer = {
  name: 'OpenVINO GenAI, INT8 weights',
  version: async () => openvinoVersion,
  prepare: async (shape) => void (await exported(shape)),
  async open({ shape, threads, rows, capacity }) {
    // GiB: more than any of the shapes needs for so many tokens.
    const cache = Math.max(1, Math.ceil((rows * capacity) / 8192));
    const args = [script, await exported(shape), threads, cache].map(String);
    const program = await startProgram(await pythonEnvironment(), args);
    return { run: (plan) => program.ask({ ...plan, prompts: allPrompts(plan) }), close: program.close };
  },
};
