/** Graphs in which one linear layer alone is quantised, all else FP32: to measure what each of them costs. */
import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { invariant } from '../../errors.js';
import type { Precision } from '../manifest.js';
import { familyOf } from './families/families.js';
import { type Graph, GraphBuilder } from './graph/graph-builder.js';
import { quantisedLayers } from './graph/quantised-layers.js';
import { dataTypes, encodeModel, type StoredTensor } from './onnx/model-proto.js';
import { ModelProtoSchema, type TensorProto } from './onnx/onnx_pb.js';
import { openCheckpointSource } from './source/checkpoint-source.js';
import type { ModelSource } from './source/model-source.js';

export interface ProbeOptions {
  /** The Hugging Face folder that both builds were made from. */
  readonly source: string;
  /** ONNX files of the FP32 and of the INT8 build. */
  readonly reference: string;
  readonly model: string;
  /** Layers of the INT8 build that are FP32 already. */
  readonly keep: readonly string[];
  /** Folder to make, on the same file system: the weights are linked, not copied. */
  readonly out: string;
}

export interface Probe {
  /** Path of the layer in the graph, such as `layers.3/mlp/down_proj`. */
  readonly layer: string;
  /** Of its weights in those of all layers that INT8 quantises, kept ones included. */
  readonly share: number;
  /** Its ONNX file. */
  readonly graph: string;
}

/** Throws what reading a checkpoint throws. */
export async function writeProbes({ source, reference, model, keep, out }: ProbeOptions): Promise<readonly Probe[]> {
  await mkdir(out);
  const stored = new Map<string, TensorProto>();
  for (const file of [reference, model]) {
    const weights = `${file}_data`;
    await link(weights, join(out, basename(weights)));
    for (const tensor of fromBinary(ModelProtoSchema, await readFile(file)).graph?.initializer ?? []) {
      stored.set(tensorKey(tensor.name, tensor.dataType), tensor);
    }
  }
  const checkpoint = await openCheckpointSource(source);
  try {
    const layers = quantisedLayers(draw(checkpoint, 'int8', new Map()));
    const total = layers.reduce((sum, { weights }) => sum + weights, 0);
    const probes: Probe[] = [];
    for (const { path, name, weights } of layers) {
      if (keep.includes(name)) continue;
      const drawn = draw(checkpoint, 'fp32', new Map([[path, 'int8']]));
      const graph = join(out, `probe-${probes.length}.onnx`);
      await writeFile(graph, encodeModel(drawn, findTensors(drawn, stored), 'probe'));
      probes.push({ layer: name, share: weights / total, graph });
    }
    return probes;
  } finally {
    await checkpoint.weights.close();
  }
}

function draw(
  { config, modules, weights }: ModelSource,
  precision: Precision,
  exceptions: ReadonlyMap<string, Precision>,
): Graph {
  const builder = new GraphBuilder();
  familyOf(config).plan(config, modules).draw({ builder, weights, precision, weightLimit: 127, exceptions });
  return builder.finish();
}

/** Where the two builds hold the tensors of a graph that is made of both. */
function findTensors({ sources }: Graph, stored: ReadonlyMap<string, TensorProto>): readonly StoredTensor[] {
  return sources.flatMap(({ tensors }) =>
    tensors.map((spec): StoredTensor => {
      const tensor = stored.get(tensorKey(spec.name, dataTypes[spec.type]));
      invariant(tensor, `${spec.name} is in the FP32 build or in the INT8 build`);
      const { externalData, rawData } = tensor;
      if (externalData.length === 0) return { spec, inline: rawData };
      const values = new Map(externalData.map(({ key, value }) => [key, value]));
      const [offset, length] = [Number(values.get('offset')), Number(values.get('length'))];
      return { spec, location: values.get('location') ?? '', offset, length };
    }),
  );
}

/** A matrix has the same name in both builds, and another type. */
function tensorKey(name: string, dataType: number): string {
  return `${name} ${dataType}`;
}
