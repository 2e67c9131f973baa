/** Copies parts of tensors in a device's memory, by a graph: no provider offers more than running one. */
import { GraphBuilder } from '../build/graph/graph-builder.js';
import { encodeInline } from '../build/onnx/model-writer.js';
import {
  type AnyTensor,
  type DeviceTensor,
  elementCount,
  type Session,
  type Tensor,
  type TensorMap,
} from '../runtime/runtime.js';
import { Scratch } from '../worker/scratch.js';
import type { CacheElement } from './kv-arena.js';

/** Part `from` of each source goes to part `to` of each target; parts of one copy do not overlap. */
export interface PartCopy {
  readonly from: number;
  readonly to: number;
}

/**
 * The bytes of an ONNX model of `count` copies at once: `target.i` [parts, length] with the parts `from` [n] of
 * `source.i` [parts, length] at its parts `to` [n, 1] is `copied.i`, which is bound to the target's own memory: providers then
 * write the parts alone.
 */
export async function deviceCopyGraph(count: number, element: CacheElement): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const from = builder.input({ name: 'from', type: 'int64', dims: ['copies'] });
  const to = builder.input({ name: 'to', type: 'int64', dims: ['copies', 1] });
  for (let i = 0; i < count; i++) {
    const target = builder.input({ name: `target.${i}`, type: element, dims: ['target_parts', 'length'] });
    const source = builder.input({ name: `source.${i}`, type: element, dims: ['source_parts', 'length'] });
    const parts = builder.node('Gather', `${i}`, { inputs: [source, from], attributes: { axis: 0n } });
    const copied = builder.node('ScatterND', `${i}`, { inputs: [target, to, parts], outputs: [`copied.${i}`] });
    builder.output({ name: copied, type: element, dims: ['target_parts', 'length'] });
  }
  return encodeInline(builder.finish());
}

/** The bytes of an ONNX model that brings parts to the host: those numbered `from` [n] of `source` [parts, length] are `parts` [n, length]. */
export async function devicePartsGraph(): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  const source = builder.input({ name: 'source', type: 'float32', dims: ['source_parts', 'length'] });
  const from = builder.input({ name: 'from', type: 'int64', dims: ['parts'] });
  builder.node('Gather', 'parts', { inputs: [source, from], outputs: ['parts'], attributes: { axis: 0n } });
  builder.output({ name: 'parts', type: 'float32', dims: ['parts', 'length'] });
  return encodeInline(builder.finish());
}

/** The bytes of an ONNX model that takes tensors of these types to memory of the device: `to.i` is `from.i`. */
export async function deviceUploadGraph(tensors: readonly Tensor[]): Promise<Uint8Array> {
  const builder = new GraphBuilder();
  for (const [i, { type, dims: shape }] of tensors.entries()) {
    const dims = shape.map((_, axis) => `dim.${i}.${axis}`);
    const from = builder.input({ name: `from.${i}`, type, dims });
    builder.node('Identity', `${i}`, { inputs: [from], outputs: [`to.${i}`] });
    builder.output({ name: `to.${i}`, type, dims });
  }
  return encodeInline(builder.finish());
}

/** A session of `deviceCopyGraph` on the device. */
export class DeviceCopier {
  readonly #session: Session;
  readonly #from = new Scratch('int64');
  readonly #to = new Scratch('int64');

  constructor(session: Session) {
    this.#session = session;
  }

  /** As many targets and sources as the graph has, cut into parts of `length` elements. */
  async copy(
    {
      targets,
      sources,
      length,
    }: { targets: readonly DeviceTensor[]; sources: readonly DeviceTensor[]; length: number },
    copies: readonly PartCopy[],
  ): Promise<void> {
    if (copies.length === 0) return;
    const inputs = new Map<string, AnyTensor>([
      [
        'from',
        fill(
          this.#from.tensor([copies.length]),
          copies.map(({ from }) => from),
        ),
      ],
      [
        'to',
        fill(
          this.#to.tensor([copies.length, 1]),
          copies.map(({ to }) => to),
        ),
      ],
    ]);
    const outputs = new Map<string, DeviceTensor>();
    targets.forEach((tensor, i) => {
      const target = inParts(tensor, length);
      inputs.set(`target.${i}`, target);
      inputs.set(`source.${i}`, inParts(sources[i]!, length));
      outputs.set(`copied.${i}`, target);
    });
    await this.#session.run(inputs, outputs satisfies TensorMap);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

function inParts(tensor: DeviceTensor, length: number): DeviceTensor {
  return { ...tensor, dims: [elementCount(tensor.dims) / length, length] };
}

function fill(tensor: Tensor, values: readonly number[]): Tensor {
  values.forEach((value, i) => {
    tensor.data[i] = BigInt(value);
  });
  return tensor;
}
