/** The layers of a drawn graph that are quantised: an activation, and the matrices that read it. */
import { invariant } from '../../../errors.js';
import type { Graph } from './graph-builder.js';

export interface QuantisedLayer {
  /** Path of the activation in the graph, such as `/layers.3/mlp/down_proj`. */
  readonly path: string;
  /** The same for a person: `layers.3/mlp/down_proj`. */
  readonly name: string;
  /** The activation before it is quantised: float32 [..., columns of the matrices]. */
  readonly input: string;
  /** The matrices' initializers. */
  readonly matrices: readonly string[];
  /** Weights of all of them together. */
  readonly weights: number;
}

/** In the order in which they run. */
export function quantisedLayers({ nodes, sources }: Graph): readonly QuantisedLayer[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const sizes = new Map(
    sources.flatMap(({ tensors }) => tensors.map(({ name, dims }) => [name, product(dims)] as const)),
  );
  return nodes
    .filter(({ op }) => op === 'QuantizeLinear')
    .map((quantise) => {
      const path = quantise.name.replace(/\/QuantizeLinear$/, '');
      const quantised = quantise.inputs[0] ?? '';
      const maker = makers.get(quantised);
      // In the form of few nodes the activation is divided by its row scale first.
      const input = maker?.name === `${path}/Div` ? maker.inputs[0] : quantised;
      invariant(input, `the activation at ${path} has a name`);
      const readers = nodes.filter(({ inputs }) => inputs[0] === quantise.outputs[0]);
      const matrices = readers.flatMap(({ inputs }) => inputs.slice(1, 2));
      const weights = matrices.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      return { path, name: path.slice(1), input, matrices, weights };
    });
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, dimension) => size * dimension, 1);
}
