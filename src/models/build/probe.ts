/** Graphs in which one linear layer alone is quantised, all else FP32: to measure what each of them costs. */
import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { invariant } from '../../errors.js';
import { familyOf } from './families/families.js';
import type { FactorTable } from './graph/factors.js';
import type { Graph } from './graph/graph-builder.js';
import type { GraphContext } from './graph/graph-context.js';
import { type QuantisedLayer, quantisedLayers } from './graph/quantised-layers.js';
import { drawGraphFiles, type GraphFiles } from './graph-files.js';
import { dataTypes, encodeModel, type StoredTensor } from './onnx/model-proto.js';
import { ModelProtoSchema, type TensorProto } from './onnx/onnx_pb.js';
import { openCheckpointSource } from './source/checkpoint-source.js';
import type { ModelSource } from './source/model-source.js';

export interface ProbeOptions {
  /** The Hugging Face folder that both builds were made from. */
  readonly source: string;
  /** The FP32 and the INT8 build. */
  readonly reference: BuiltGraphs;
  readonly model: BuiltGraphs;
  /** Layers of the INT8 build that are FP32 already. */
  readonly keep: readonly string[];
  /** What both have moved between weights. */
  readonly factors?: FactorTable;
  /** Folder to make, on the same file system: the weights are linked, not copied. */
  readonly out: string;
}

/** Paths of a build's ONNX files; `null`: there is only one. */
interface BuiltGraphs {
  readonly graph: string;
  readonly encoderGraph: string | null;
}

export interface Probe extends BuiltGraphs {
  /** Path of the layer in the graph, such as `layers.3/mlp/down_proj`. */
  readonly layer: string;
  /** Of its weights in those of all layers that INT8 quantises, kept ones included. */
  readonly share: number;
}

/** Of an encoder-decoder a layer is that of its name in both graphs. Throws what reading a checkpoint throws. */
export async function writeProbes(options: ProbeOptions): Promise<readonly Probe[]> {
  const { source, reference, model, keep, factors, out } = options;
  await mkdir(out);
  const stored = await linkTensors([reference.graph, model.graph], out);
  const [encoder, encoderInt8] = [reference.encoderGraph, model.encoderGraph];
  const storedEncoder = encoder && encoderInt8 ? await linkTensors([encoder, encoderInt8], out) : null;
  const checkpoint = await openCheckpointSource(source);
  try {
    const write = async (name: string, graph: Graph, tensors: StoredTensors) => {
      const file = join(out, `${name}.onnx`);
      await writeFile(file, encodeModel(graph, findTensors(graph, tensors), 'probe'));
      return file;
    };
    const layers = allLayers(draw(checkpoint, { precision: 'int8' }));
    const total = layers.reduce((sum, { weights }) => sum + weights, 0);
    const probes: Probe[] = [];
    for (const { path, name, weights } of layers) {
      if (keep.includes(name)) continue;
      const drawn = draw(checkpoint, { precision: 'fp32', exceptions: new Map([[path, 'int8']]), factors });
      const graph = await write(`probe-${probes.length}`, drawn.model.graph, stored);
      const encoderGraph =
        drawn.encoder && storedEncoder
          ? await write(`probe-${probes.length}-encoder`, drawn.encoder.graph, storedEncoder)
          : null;
      probes.push({ layer: name, share: weights / total, graph, encoderGraph });
    }
    return probes;
  } finally {
    await checkpoint.weights.close();
  }
}

/** Where tensors are stored, by `tensorKey`. */
type StoredTensors = ReadonlyMap<string, TensorProto>;

/** The tensors of some ONNX files, whose weights are linked to where the probes will be. */
async function linkTensors(files: readonly string[], out: string): Promise<StoredTensors> {
  const stored = new Map<string, TensorProto>();
  for (const file of files) {
    const weights = `${file}_data`;
    await link(weights, join(out, basename(weights)));
    for (const tensor of fromBinary(ModelProtoSchema, await readFile(file)).graph?.initializer ?? []) {
      stored.set(tensorKey(tensor.name, tensor.dataType), tensor);
    }
  }
  return stored;
}

/** The layers of all graphs; those of one name are one. */
function allLayers({ model, encoder }: GraphFiles): readonly Pick<QuantisedLayer, 'path' | 'name' | 'weights'>[] {
  const layers = new Map<string, Pick<QuantisedLayer, 'path' | 'name' | 'weights'>>();
  for (const graph of encoder === null ? [model.graph] : [encoder.graph, model.graph]) {
    for (const { path, name, weights } of quantisedLayers(graph)) {
      layers.set(name, { path, name, weights: weights + (layers.get(name)?.weights ?? 0) });
    }
  }
  return [...layers.values()];
}

function draw(
  { config, modules, weights }: ModelSource,
  drawing: Pick<GraphContext, 'precision' | 'exceptions' | 'factors'>,
): GraphFiles {
  const plan = familyOf(config).plan(config, modules);
  return drawGraphFiles(plan, { weights, weightLimit: 127, ...drawing });
}

/** Where the two builds hold the tensors of a graph that is made of both. */
function findTensors({ sources }: Graph, stored: StoredTensors): readonly StoredTensor[] {
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
