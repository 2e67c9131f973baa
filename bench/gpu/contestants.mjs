/** Who is measured: builds of Octavo on devices, and PyTorch in three forms, all of the same random weights. */
import path from 'node:path';

/** What lies where in the packed folder. */
export const folders = {
  octavo: 'octavo',
  checkpoint: 'checkpoint',
  builds: 'builds',
  library: 'onnxruntime',
  libraryName: 'libonnxruntime.so',
};

/** Octavo's builds: their names in the table, and what `octavo build` is told. */
export const builds = {
  gpu: { name: '8-bit weights, float16', flags: ['--target', 'gpu'] },
  fp16: { name: 'float16', flags: ['--precision', 'fp16'] },
  'int8-weight': { name: '8-bit weights, float32', flags: ['--precision', 'int8-weight'] },
};

/**
 * PyTorch's forms, each with its own limit of seconds: compiling takes a minute for each number of rows. `onCpu`: the name where
 * there is no GPU, and so no graph.
 */
const torchForms = {
  generate: { name: 'PyTorch, transformers generate', program: 'torch_generate.py', seconds: 90 },
  graph: {
    ...{ name: 'PyTorch, static cache, CUDA graph', onCpu: 'PyTorch, static cache' },
    ...{ program: 'torch_static.py', seconds: 60 },
  },
  compile: { name: 'PyTorch, static cache, torch.compile', program: 'torch_static.py', seconds: 180 },
};

/** Of one build on one device. */
const octavoSeconds = 100;

/**
 * In the order in which they are measured: what is compared first, what may be cut last. `devices`: of Octavo; `python`: its
 * facts (`torch_facts.py`), or `problem`, why there is no PyTorch.
 */
export function contestantsOf({ root, devices, packed, python }) {
  const torch = (form) => torchContestant({ form, root, python });
  const [first, ...others] = packed.flatMap((build) =>
    devices.map(({ device, ortLibrary }) => ({
      kind: 'octavo',
      name: `Octavo, ${builds[build].name}, ${device}`,
      folder: path.join(root, folders.builds, build),
      ...{ device, ortLibrary, seconds: octavoSeconds, libraries: python.libraries ?? [] },
    })),
  );
  return [first, torch('generate'), torch('graph'), ...others, torch('compile')].filter((one) => one !== undefined);
}

function torchContestant({ form, root, python }) {
  const { name, onCpu = name, program, seconds } = torchForms[form];
  const named =
    python.device === 'cpu' ? `${onCpu}, ${python.dtype} on the CPU` : [name, python.dtype ?? []].flat().join(', ');
  return {
    ...{ kind: 'torch', name: named, seconds, form, python: python.program, problem: python.problem },
    program: path.join(root, folders.octavo, 'bench/gpu/python', program),
    folder: path.join(root, folders.checkpoint),
  };
}
