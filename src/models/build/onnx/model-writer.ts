/** Writes a graph as an ONNX file with its large tensors beside it, one tensor in memory at a time. */
import { basename } from 'node:path';
import { invariant } from '../../../errors.js';
import type { OutputFile, OutputFolder } from '../folder/output-folder.js';
import type { Graph } from '../graph/graph-builder.js';
import { byteLength, type TensorSource, type TensorSpec } from '../graph/tensor.js';
import { encodeModel, type StoredTensor } from './model-proto.js';

export interface ModelFile {
  /** Path of the ONNX file in the folder; `<path>_data` holds the large tensors. */
  readonly path: string;
  readonly producerVersion: string;
  /** Told after each piece: bytes of tensors written, bytes in all, and the tensor. */
  onProgress(done: number, total: number, tensor: string): void;
}

/** Tensors begin at multiples of a memory page, so that a runtime can map them. */
const alignment = 4096;
/** Smaller tensors stand in the ONNX file itself: shape inference wants constants there, and padding would outweigh them. */
const inlineBytes = 1024;
/** Bytes written at once. */
const pieceBytes = 8 * 1024 * 1024;

export async function writeModel(graph: Graph, folder: OutputFolder, model: ModelFile): Promise<void> {
  const path = `${model.path}_data`;
  const file = await folder.file(path);
  const writer = new TensorWriter(file, basename(path), {
    total: graph.sources.flatMap((source) => source.tensors).reduce((sum, spec) => sum + byteLength(spec), 0),
    onProgress: model.onProgress,
  });
  try {
    for (const source of graph.sources) await writer.write(source);
    await file.finish();
  } finally {
    await file.close();
  }
  await folder.write(model.path, encodeModel(graph, writer.stored, model.producerVersion));
}

/** The bytes of a graph whose constants are all small: one file, nothing beside it. */
export async function encodeInline(graph: Graph): Promise<Uint8Array> {
  const stored: StoredTensor[] = [];
  for (const source of graph.sources) {
    const chunks = source.chunks()[Symbol.asyncIterator]();
    for (const spec of source.tensors) stored.push({ spec, inline: await readTensor(spec, chunks) });
  }
  return encodeModel(graph, stored, '');
}

/** Lays tensors into the data file and remembers where they are. */
class TensorWriter {
  readonly stored: StoredTensor[] = [];
  readonly #file: OutputFile;
  readonly #location: string;
  readonly #progress: { readonly total: number; readonly onProgress: ModelFile['onProgress'] };
  #done = 0;

  constructor(
    file: OutputFile,
    location: string,
    progress: { readonly total: number; readonly onProgress: ModelFile['onProgress'] },
  ) {
    this.#file = file;
    this.#location = location;
    this.#progress = progress;
  }

  async write(source: TensorSource): Promise<void> {
    const chunks = source.chunks()[Symbol.asyncIterator]();
    for (const spec of source.tensors) {
      if (byteLength(spec) < inlineBytes) await this.#inline(spec, chunks);
      else await this.#append(spec, chunks);
    }
    invariant((await chunks.next()).done, `${source.tensors[0]?.name} gives no more bytes than its shape needs`);
  }

  async #inline(spec: TensorSpec, chunks: AsyncIterator<Uint8Array>): Promise<void> {
    this.stored.push({ spec, inline: await readTensor(spec, chunks) });
    this.#advance(spec, byteLength(spec));
  }

  async #append(spec: TensorSpec, chunks: AsyncIterator<Uint8Array>): Promise<void> {
    const padding = (alignment - (this.#file.bytes % alignment)) % alignment;
    await this.#file.append(new Uint8Array(padding));
    const offset = this.#file.bytes;
    for await (const { chunk } of chunksOf(spec, chunks)) {
      for (let begin = 0; begin < chunk.length; begin += pieceBytes) {
        const piece = chunk.subarray(begin, begin + pieceBytes);
        await this.#file.append(piece);
        this.#advance(spec, piece.length);
      }
    }
    this.stored.push({ spec, location: this.#location, offset, length: byteLength(spec) });
  }

  #advance(spec: TensorSpec, bytes: number): void {
    this.#done += bytes;
    this.#progress.onProgress(this.#done, this.#progress.total, spec.name);
  }
}

async function readTensor(spec: TensorSpec, chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteLength(spec));
  for await (const { chunk, start } of chunksOf(spec, chunks)) bytes.set(chunk, start);
  return bytes;
}

/** As many chunks as the tensor's shape needs. */
async function* chunksOf(spec: TensorSpec, chunks: AsyncIterator<Uint8Array>) {
  const length = byteLength(spec);
  for (let start = 0; start < length; ) {
    const { value: chunk, done } = await chunks.next();
    invariant(!done && start + chunk.length <= length, `${spec.name} gets exactly the bytes its shape needs`);
    yield { chunk, start };
    start += chunk.length;
  }
}
