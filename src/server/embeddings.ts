/** `POST /v1/embeddings`: OpenAI's embeddings. */
import { OctavoError } from '../errors.js';
import type { ServedEncoder } from '../models/served-model.js';
import type { EncodeEndpoint, FormatRow } from './encode-endpoint.js';
import type { ServerLimits } from './limits.js';
import { type EmbeddingBody, embeddingSchema } from './schema/embedding-schema.js';

export function embeddingEndpoint(limits: ServerLimits): EncodeEndpoint<ReturnType<typeof embeddingSchema>> {
  return { schema: embeddingSchema(limits), task: 'embed', formatRow };
}

function formatRow({ dimensions, encoding_format: format }: EmbeddingBody, { id, head }: ServedEncoder): FormatRow {
  const width = head.task === 'embed' ? head.dimensions : 0;
  if (dimensions !== undefined && dimensions > width) {
    const message = `'dimensions' is ${dimensions}, but vectors of the model '${id}' have ${width}.`;
    throw new OctavoError('invalid_value', message, 'dimensions');
  }
  const shorten = dimensions === undefined || dimensions === width ? (row: Float32Array) => row : shortener(dimensions);
  const write = format === 'base64' ? toBase64 : (row: Float32Array) => Array.from(row);
  return (row, index) => ({ object: 'embedding', index, embedding: write(shorten(row)) });
}

/** The first `dimensions` numbers, at length 1 again, as OpenAI shortens its vectors. */
function shortener(dimensions: number): (row: Float32Array) => Float32Array {
  return (row) => {
    const first = row.slice(0, dimensions);
    const length = Math.sqrt(first.reduce((sum, value) => sum + value * value, 0));
    return length === 0 ? first : first.map((value) => value / length);
  };
}

/** Float32 in the machine's byte order: ONNX Runtime and Node run on little-endian machines alone. */
function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
