/** Linear layers that stay FP32 in an INT8 build: named by hand, or chosen by what they cost. */
import { OctavoError } from '../../errors.js';
import type { ModelPlan } from './families/family.js';
import type { GraphContext } from './graph/graph-context.js';
import { quantisedLayers } from './graph/quantised-layers.js';
import { drawGraphFiles, type GraphFiles } from './graph-files.js';

/**
 * Draws a plan with the named layers in FP32; of an encoder-decoder, those of that name in both graphs. Throws
 * `invalid_config` with the layers there are when one of `names` is none of them, or when the build is not int8.
 */
export function drawKeeping(
  names: readonly string[],
  plan: ModelPlan,
  context: Omit<GraphContext, 'builder' | 'exceptions'>,
): GraphFiles {
  const { precision } = context;
  if (names.length === 0) return drawGraphFiles(plan, context);
  if (precision !== 'int8') {
    throw new OctavoError('invalid_config', `Layers can be kept FP32 in an int8 build only; this one is ${precision}.`);
  }
  checkNames(names, drawGraphFiles(plan, context));
  return drawGraphFiles(plan, { ...context, exceptions: new Map(names.map((name) => [`/${name}`, 'fp32'])) });
}

function checkNames(names: readonly string[], { model, encoder }: GraphFiles): void {
  const graphs = encoder === null ? [model.graph] : [model.graph, encoder.graph];
  const layers = new Set(graphs.flatMap(quantisedLayers).map(({ name }) => name));
  const unknown = names.find((name) => !layers.has(name));
  if (unknown === undefined) return;
  const known = new Set(Array.from(layers, (name) => name.replace(/\.\d+(?=\/)/, '.N')));
  const there = [...known].join(', ');
  throw new OctavoError('invalid_config', `The model has no layer ${unknown} to keep; there are: ${there}.`);
}
