/** onnxruntime-genai with one static batch, weights in 4 or 8 bits as its own model builder makes them for the CPU. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, once, runProgram } from '../cache.mjs';
import { allPrompts } from '../cases.mjs';
import { checkpoint } from '../checkpoint.mjs';
import { genaiVersion, pythonEnvironment } from '../python-environment.mjs';
import { startProgram } from '../python-program.mjs';

const script = new URL('../python/genai_batch.py', import.meta.url).pathname;

async function built(shape, precision) {
  const source = await checkpoint(shape);
  const python = await pythonEnvironment();
  await once([shape, `genai-${precision}`], (folder) => {
    const builder = ['-m', 'onnxruntime_genai.models.builder', '-i', source, '-o', path.join(folder, 'model')];
    return runProgram(python, [...builder, '-p', precision, '-e', 'cpu']);
  });
  return cached(shape, `genai-${precision}`, 'model');
}

/** It takes the number of threads from the folder alone. */
async function setThreads(folder, threads) {
  const file = path.join(folder, 'genai_config.json');
  const config = JSON.parse(await readFile(file, 'utf8'));
  config.model.decoder.session_options.intra_op_num_threads = threads;
  await writeFile(file, JSON.stringify(config, null, 2));
}

export const createPeer = (precision) => ({
  name: `onnxruntime-genai, ${precision.toUpperCase()} weights`,
  version: async () => genaiVersion,
  prepare: async (shape) => void (await built(shape, precision)),
  async open({ shape, threads }) {
    const folder = await built(shape, precision);
    await setThreads(folder, threads);
    const program = await startProgram(await pythonEnvironment(), [script, folder]);
    return { run: (plan) => program.ask({ ...plan, prompts: allPrompts(plan) }), close: program.close };
  },
});
