/** Settings of the engine, shared by the commands that load a model. */
import { fileURLToPath } from 'node:url';
import { deviceName, providerNames } from './device-name.js';
import { countThreads } from './machine.js';
import { integer, type OptionTable, oneOf, text } from './options.js';

/** The model that comes with the package. */
export const embeddedModel = fileURLToPath(new URL('../models/concierge', import.meta.url));

const machine = countThreads();

export const engineOptions = {
  model: {
    schema: text().default(embeddedModel),
    value: 'folder',
    help: 'Model folder that "octavo build" wrote, or an ONNX export as folder:variant; the embedded one by default',
    env: ['OCTAVO_MODEL'],
  },
  rows: {
    schema: integer(1, 256).default(32),
    value: 'n',
    help: 'Sequences decoded together at most (default 32)',
    env: ['OCTAVO_ROWS'],
  },
  context: {
    schema: integer(16, 1 << 22).default(4096),
    value: 'tokens',
    help: "Prompt and output of a sequence at most; bounded by the model's own context (default 4096)",
    env: ['OCTAVO_CONTEXT'],
  },
  threads: {
    schema: integer(1, 1024).default(machine.threads),
    value: 'n',
    help: `Threads of the model (default: as many as may run at once, here ${machine.threads}: ${machine.reason})`,
    env: ['OCTAVO_THREADS'],
  },
  device: {
    schema: deviceName().default('auto'),
    value: 'name',
    help: `Where the model runs: auto, or one of ${providerNames.join(', ')}, with a number for another than the first (cuda:1), or several with a group of its layers each (cuda:0+cuda:1); auto takes a GPU for builds made for one (default auto)`,
    env: ['OCTAVO_DEVICE'],
  },
  runtime: {
    schema: oneOf('auto', 'ort-c-api', 'onnxruntime-node').default('auto'),
    value: 'name',
    help: 'How ONNX Runtime is reached: auto, ort-c-api (KV cache in place) or onnxruntime-node (slower) (default auto)',
    env: ['OCTAVO_RUNTIME'],
  },
  ortLibrary: {
    schema: text().nullable().default(null),
    value: 'file',
    help: 'Another build of the ONNX Runtime library, as of CUDA or TensorRT (default: the one that comes with the package)',
    env: ['OCTAVO_ORT_LIBRARY'],
  },
} as const satisfies OptionTable;
