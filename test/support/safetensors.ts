/** Writes safetensors files, good ones and hostile ones. */

export type Dtype = 'F32' | 'F16' | 'BF16';

export interface TestTensor {
  readonly dtype?: Dtype;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A well-formed file; tensors lie in the order given. */
export function safetensors(tensors: Readonly<Record<string, TestTensor>>): Uint8Array {
  const parts: Uint8Array[] = [];
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { dtype = 'F32', shape, values }] of Object.entries(tensors)) {
    const bytes = encode(values, dtype);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  return rawSafetensors(JSON.stringify(header), Buffer.concat(parts));
}

/** A file with exactly this header and these bytes after it, whatever they say of each other. */
export function rawSafetensors(header: string, bytes: Uint8Array, length?: bigint): Uint8Array {
  const text = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([prefix, text, bytes]);
}

function encode(values: Float32Array, dtype: Dtype): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.slice().buffer);
  const bits = new Uint32Array(values.slice().buffer);
  const halves = Uint16Array.from(bits, dtype === 'BF16' ? (word) => word >>> 16 : toFloat16);
  return new Uint8Array(halves.buffer);
}

/** Truncates: the low mantissa bits are dropped. Numbers below the smallest normal float16 become 0. */
function toFloat16(word: number): number {
  const exponent = ((word >>> 23) & 0xff) - 112;
  const sign = (word >>> 16) & 0x8000;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((word >>> 13) & 0x3ff);
}
