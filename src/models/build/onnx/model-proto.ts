/** A drawn graph as the bytes of an ONNX file. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Attribute, Graph, GraphNode, GraphValue } from '../graph/graph-builder.js';
import type { ElementType, TensorSpec } from '../graph/tensor.js';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx_pb.js';

/** Where the bytes of a constant tensor are: in the ONNX file, or in a file beside it. */
export type StoredTensor =
  | { readonly spec: TensorSpec; readonly inline: Uint8Array }
  | { readonly spec: TensorSpec; readonly location: string; readonly offset: number; readonly length: number };

/** IR 10 and opset 21: ONNX 1.16, ONNX Runtime 1.18 and later. */
const irVersion = 10n;
const opset = 21n;

export const dataTypes: Readonly<Record<ElementType, DataType>> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  int32: DataType.INT32,
  int64: DataType.INT64,
};

export function encodeModel(graph: Graph, tensors: readonly StoredTensor[], producerVersion: string): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion,
      producerName: 'octavo',
      producerVersion,
      opsetImport: [
        { domain: '', version: opset },
        { domain: 'com.microsoft', version: 1n },
      ],
      graph: {
        name: 'model',
        node: graph.nodes.map(nodeProto),
        initializer: tensors.map(tensorProto),
        input: graph.inputs.map(valueProto),
        output: graph.outputs.map(valueProto),
      },
    }),
  );
}

function nodeProto(node: GraphNode): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
  };
}

function attributeProto(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'bigint') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'number') return { name, type: AttributeType.FLOAT, f: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

function tensorProto(tensor: StoredTensor): MessageInitShape<typeof TensorProtoSchema> {
  const { name, type, dims } = tensor.spec;
  const header = { name, dataType: dataTypes[type], dims: dims.map(BigInt) };
  if ('inline' in tensor) return { ...header, rawData: tensor.inline };
  return {
    ...header,
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: tensor.location },
      { key: 'offset', value: String(tensor.offset) },
      { key: 'length', value: String(tensor.length) },
    ],
  };
}

export function valueProto({ name, type, dims }: GraphValue): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = dims.map((dimension) =>
    typeof dimension === 'number'
      ? ({ value: { case: 'dimValue', value: BigInt(dimension) } } as const)
      : ({ value: { case: 'dimParam', value: dimension } } as const),
  );
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: dataTypes[type], shape: { dim } } } },
  };
}
