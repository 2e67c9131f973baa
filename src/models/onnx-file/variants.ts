/** How exporters name the variants of an ONNX graph: `model_q4.onnx`, `model_quantized.onnx`, `model.onnx`, … */

/** Endings of the files by the name of the variant, first choice first, as transformers.js and optimum write them. */
const endings: ReadonlyMap<string, readonly string[]> = new Map([
  ['fp32', ['']],
  ['int8', ['_int8', '_quantized']],
  ['q8', ['_quantized', '_int8']],
]);
const graph = /^(?:onnx\/)?(?:model|decoder_model_merged)(?:_([a-z0-9]+))?\.onnx$/;

/** The graph of a variant among `paths`, or those of an encoder and its decoder; none: there is no such variant. */
export function findGraphs(paths: ReadonlySet<string>, variant: string): readonly string[] {
  for (const ending of endings.get(variant) ?? [`_${variant}`]) {
    for (const folder of ['onnx/', '']) {
      for (const names of [['model'], ['encoder_model', 'decoder_model_merged']]) {
        const graphs = names.map((name) => `${folder}${name}${ending}.onnx`);
        if (graphs.every((path) => paths.has(path))) return graphs;
      }
    }
  }
  return [];
}

/** The names of all variants among `paths`, in order. */
export function variantsOf(paths: Iterable<string>): readonly string[] {
  return [...new Set(Array.from(paths).flatMap(variantOf))].sort();
}

function variantOf(path: string): string[] {
  const match = graph.exec(path);
  if (match === null) return [];
  return [match[1] === undefined ? 'fp32' : match[1] === 'quantized' ? 'int8' : match[1]];
}
