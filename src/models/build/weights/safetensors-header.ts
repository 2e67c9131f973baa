/** The header of a safetensors file: name, format, shape and place of each tensor (github.com/huggingface/safetensors). */
import { z } from 'zod';
import { OctavoError } from '../../../errors.js';
import { parseJsonObject } from '../json.js';

export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** Bytes of a header: room for more than a hundred thousand tensors. */
export const maxHeaderBytes = 16 * 1024 * 1024;

const elementBytes: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, I64: 8, U64: 8, F64: 8 },
};

const offset = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string().max(16),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([offset, offset]),
});

/**
 * The tensors of a file with `tensorBytes` bytes after its header. As the format demands, they must cover those
 * exactly: no hole, no overlap, nothing beyond. Throws `invalid_model`, or `unsupported_model` for an unknown dtype.
 */
export function parseHeader(header: Uint8Array, tensorBytes: number, file: string): ReadonlyMap<string, TensorEntry> {
  const entries = Object.entries(parseJsonObject(header, `The header of ${file}`))
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, file))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const fault = entry.begin < end ? 'overlaps another tensor' : 'leaves a hole before it';
      throw new OctavoError('invalid_model', `${file}: tensor ${entry.name} ${fault} (begins at ${entry.begin}).`);
    }
    end = entry.end;
  }
  if (end !== tensorBytes) {
    const fault = end > tensorBytes ? 'is truncated' : 'has bytes that no tensor owns';
    throw new OctavoError(
      'invalid_model',
      `${file} ${fault}: its header describes ${end} bytes, ${tensorBytes} follow.`,
    );
  }
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function parseEntry(name: string, value: unknown, file: string): TensorEntry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    throw new OctavoError(
      'invalid_model',
      `${file}: the entry of tensor ${name} must be { dtype, shape, data_offsets: [begin, end] }.`,
    );
  }
  const { dtype, shape, data_offsets: range } = parsed.data;
  const bytes = Object.hasOwn(elementBytes, dtype) ? elementBytes[dtype] : undefined;
  if (bytes === undefined) {
    throw new OctavoError('unsupported_model', `${file}: tensor ${name} has the unknown dtype ${dtype}.`);
  }
  const size = shape.reduce((product, dimension) => product * dimension, bytes);
  if (!Number.isSafeInteger(size) || range[1] - range[0] !== size) {
    throw new OctavoError(
      'invalid_model',
      `${file}: tensor ${name} (${dtype} [${shape}]) needs ${size} bytes, its offsets span ${range[1] - range[0]}.`,
    );
  }
  return { name, dtype, shape, begin: range[0], end: range[1] };
}
