/** Runs a built decoder by onnxruntime-node alone, with a cache that grows, independent of the engine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelProtoSchema } from '#octavo/models/build/onnx/onnx_pb.js';
import { cacheShape } from '#octavo/models/cache-shape.js';
import type { CacheElement } from '#octavo/models/decoder/kv-arena.js';
import { type Manifest, manifestSchema } from '#octavo/models/manifest.js';
import { zeros } from '#octavo/models/runtime/runtime.js';

export interface DecoderRun {
  /** [rows, num_logits, vocab] */
  readonly logits: Float32Array;
  readonly dims: readonly number[];
  /** The outputs, for the next run's `past`. */
  readonly present: InferenceSession.ReturnType;
}

export interface DecoderFeed {
  /** New tokens of each row; shorter ones are right-padded. */
  readonly rows: readonly (readonly number[])[];
  /** An earlier run over the same rows, and the tokens that each has seen. */
  readonly past?: { readonly present: InferenceSession.ReturnType; readonly lengths: readonly number[] };
}

export class OnnxDecoder {
  readonly manifest: Manifest;
  readonly #session: InferenceSession;

  private constructor(manifest: Manifest, session: InferenceSession) {
    this.manifest = manifest;
    this.#session = session;
  }

  /**
   * `keep` is the value of num_logits_to_keep. onnxruntime-node cannot feed an input that has a default, so the default
   * itself is changed, in a copy of the ONNX file beside it.
   */
  static async open(folder: string, options: { readonly keep: 0 | 1 }): Promise<OnnxDecoder> {
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    let graph = join(folder, manifest.graph);
    if (options.keep === 1) {
      const model = fromBinary(ModelProtoSchema, readFileSync(graph));
      const tensor = model.graph?.initializer.find(({ name }) => name === 'num_logits_to_keep');
      if (!tensor) throw new Error('the graph has no num_logits_to_keep');
      tensor.rawData = new Uint8Array(BigInt64Array.of(1n).buffer);
      graph = join(folder, 'onnx/keep-one.onnx');
      writeFileSync(graph, toBinary(ModelProtoSchema, model));
    }
    return new OnnxDecoder(manifest, await InferenceSession.create(graph, { logSeverityLevel: 3 }));
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  async run({ rows, past }: DecoderFeed): Promise<DecoderRun> {
    const seen = past?.lengths ?? rows.map(() => 0);
    const length = Math.max(...rows.map((row) => row.length));
    const total = Math.max(...seen) + length;
    const grid = (columns: number, value: (row: number, column: number) => number) => {
      const cells = rows.flatMap((_, row) =>
        Array.from({ length: columns }, (_, column) => BigInt(value(row, column))),
      );
      return new Tensor('int64', BigInt64Array.from(cells), [rows.length, columns]);
    };
    const feeds: Record<string, Tensor> = {
      input_ids: grid(length, (row, column) => rows[row]?.[column] ?? 0),
      attention_mask: grid(total, (row, column) => (column < seen[row]! + rows[row]!.length ? 1 : 0)),
    };
    if (this.inputNames.includes('position_ids')) {
      feeds.position_ids = grid(length, (row, column) => seen[row]! + column);
    }
    const { layers, kvHeads, headDim } = this.manifest.shape;
    for (let layer = 0; layer < layers; layer++) {
      for (const part of ['key', 'value']) {
        feeds[`past_key_values.${layer}.${part}`] =
          (past?.present[`present.${layer}.${part}`] as Tensor | undefined) ??
          emptyCache(cacheShape(this.manifest).element, [rows.length, kvHeads, 0, headDim]);
      }
    }
    const present = await this.#session.run(feeds);
    const logits = present.logits as Tensor;
    return { logits: logits.data as Float32Array, dims: logits.dims, present };
  }

  /** The most likely next token, `count` times. For a decoder that keeps one position. */
  async greedy(prompt: readonly number[], count: number): Promise<readonly number[]> {
    const ids: number[] = [];
    let run = await this.run({ rows: [prompt] });
    for (let length = prompt.length; ; length++) {
      const next = argmax(run.logits);
      ids.push(next);
      if (ids.length === count) return ids;
      run = await this.run({ rows: [[next]], past: { present: run.present, lengths: [length] } });
    }
  }

  /** How many of `continuation` are the most likely token, given all true tokens before. For one that keeps all. */
  async agreement(prompt: readonly number[], continuation: readonly number[]): Promise<number> {
    const { logits } = await this.run({ rows: [[...prompt, ...continuation]] });
    const { vocab } = this.manifest.shape;
    return continuation.filter((token, index) => {
      const start = (prompt.length - 1 + index) * vocab;
      return argmax(logits.subarray(start, start + vocab)) === token;
    }).length;
  }
}

function emptyCache(element: CacheElement = 'float32', dims: readonly number[]): Tensor {
  return new Tensor(element, zeros(element, [0]).data, dims);
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
