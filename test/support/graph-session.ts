/** Runs a drawn graph by onnxruntime-node alone. */
import { InferenceSession } from 'onnxruntime-node';
import type { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import { byteLength } from '#octavo/models/build/graph/tensor.js';
import { encodeModel, type StoredTensor } from '#octavo/models/build/onnx/model-proto.js';

export async function openGraph(builder: GraphBuilder): Promise<InferenceSession> {
  const graph = builder.finish();
  const stored: StoredTensor[] = [];
  for (const { tensors, chunks } of graph.sources) {
    const bytes: number[] = [];
    for await (const chunk of chunks()) for (const byte of chunk) bytes.push(byte);
    let start = 0;
    for (const spec of tensors) {
      const inline = Uint8Array.from(bytes.slice(start, start + byteLength(spec)));
      stored.push({ spec, inline });
      start += inline.length;
    }
  }
  return InferenceSession.create(encodeModel(graph, stored, 'test'), { intraOpNumThreads: 2 });
}
