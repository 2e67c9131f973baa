/**
 * The peers by the names that the command line takes. A peer has `name`; `version()`; `prepare(shape)`, which installs it and
 * makes its model; `open({ shape, threads, rows, capacity })`, which loads the model for that many rows and tokens of each,
 * and gives `run(plan)` and `close()`. A run gives for each row the milliseconds at which its tokens came, or the rates
 * themselves (`rates.mjs`). Modules are imported late: a process may load only one of them.
 */
const module = (name) => import(`./engines/${name}.mjs`);
const plain = (name) => async () => (await module(name)).peer;
const quantised = (name, quantisation) => async () => (await module(name)).createPeer(quantisation);

/** In the order of the table. */
export const peers = {
  octavo: plain('octavo'),
  'octavo-int8-cache': quantised('octavo', 'int8'),
  'session-run': plain('session-run'),
  'transformers-js': plain('transformers-js'),
  'node-llama-cpp-q8': quantised('node-llama-cpp', 'Q8_0'),
  'node-llama-cpp-q4': quantised('node-llama-cpp', 'Q4_0'),
  'llama-server-q8': quantised('llama-server', 'Q8_0'),
  'llama-server-q4': quantised('llama-server', 'Q4_0'),
  'llama-batched-bench-q8': quantised('llama-batched-bench', 'Q8_0'),
  'llama-batched-bench-q4': quantised('llama-batched-bench', 'Q4_0'),
  openvino: plain('openvino'),
  'onnxruntime-genai-int8': quantised('onnxruntime-genai', 'int8'),
  'onnxruntime-genai-int4': quantised('onnxruntime-genai', 'int4'),
  vllm: plain('vllm'),
};
