/** The ONNX files of a model: one graph, or with an encoder two. */
import { activationsOf, type Precision } from '../manifest.js';
import type { EncoderPlan, ModelPlan } from './families/family.js';
import { inFloat16 } from './graph/float16.js';
import { type Graph, GraphBuilder } from './graph/graph-builder.js';
import type { GraphContext } from './graph/graph-context.js';
import { graphPath } from './onnx/dtype.js';

export interface GraphFile {
  /** In the model folder. */
  readonly path: string;
  readonly graph: Graph;
}

export interface GraphFiles {
  readonly model: GraphFile;
  readonly encoder: (GraphFile & Pick<EncoderPlan, 'startToken'>) | null;
}

/**
 * Draws every graph of a plan. The names are those of Hugging Face's exports: the decoder of an encoder-decoder is the one
 * that takes the prompt's keys and values as its past. Throws `invalid_model` for tensors that are missing or do not fit.
 */
export function drawGraphFiles(
  plan: ModelPlan,
  context: Omit<GraphContext, 'builder' | 'wholeTexts' | 'halfScales'>,
): GraphFiles {
  const file = (name: string, part: Pick<ModelPlan, 'draw'>, wholeTexts: boolean): GraphFile => {
    const builder = new GraphBuilder();
    part.draw({ ...context, ...drawnAs(context.precision), builder, wholeTexts });
    const graph = builder.finish();
    const half = activationsOf(context.precision) === 'float16';
    return { path: graphPath(name, context.precision), graph: half ? inFloat16(graph) : graph };
  };
  const { encoder } = plan;
  if (encoder === undefined) return { model: file('model', plan, plan.output !== undefined), encoder: null };
  return {
    model: file('decoder_with_past_model', plan, false),
    encoder: { ...file('encoder_model', encoder, true), startToken: encoder.startToken },
  };
}

/** Graphs with activations in float16 are drawn in float32 first. */
function drawnAs(precision: Precision): Pick<GraphContext, 'precision' | 'halfScales'> {
  switch (precision) {
    case 'fp16':
      return { precision: 'fp32' };
    case 'int8-weight-fp16':
      return { precision: 'int8-weight', halfScales: true };
    case 'int4-weight-fp16':
      return { precision: 'int4-weight', halfScales: true };
    default:
      return { precision };
  }
}
