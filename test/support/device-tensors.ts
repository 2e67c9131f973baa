/** What a device's memory holds: only graphs read it. */
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import { encodeInline } from '#octavo/models/build/onnx/model-writer.js';
import { type AnyTensor, type Runtime, type SessionOptions, zeros } from '#octavo/models/runtime/runtime.js';

/** The absolute values of a float32 tensor, wherever it lies. */
export async function absolutes(
  { runtime, options }: { readonly runtime: Runtime; readonly options: SessionOptions },
  tensor: AnyTensor,
): Promise<Float32Array> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: tensor.dims });
  builder.node('Abs', 'y', { inputs: [x], outputs: ['y'] });
  builder.output({ name: 'y', type: 'float32', dims: tensor.dims });
  const session = await runtime.open(await encodeInline(builder.finish()), options);
  const y = zeros('float32', tensor.dims);
  await session.run(new Map([['x', tensor]]), new Map([['y', y]]));
  await session.close();
  return y.data as Float32Array;
}
