/** An ONNX file with more outputs: values inside of its graph. */
import { readFile, writeFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { invariant } from '../../errors.js';
import { valueProto } from './onnx/model-proto.js';
import { ModelProtoSchema, ValueInfoProtoSchema } from './onnx/onnx_pb.js';

/** Values are float32 [batch, tokens, channels]. `target` stands beside `file`, so that both find the same weights. */
export async function writeWithOutputs(
  file: string,
  values: readonly { readonly name: string; readonly channels: number }[],
  target: string,
): Promise<void> {
  const model = fromBinary(ModelProtoSchema, await readFile(file));
  invariant(model.graph, `${file} holds a graph`);
  for (const { name, channels } of values) {
    const value = valueProto({ name, type: 'float32', dims: ['batch_size', 'read_tokens', channels] });
    model.graph.output.push(create(ValueInfoProtoSchema, value));
  }
  await writeFile(target, toBinary(ModelProtoSchema, model));
}
