/** The bytes of a GGUF file's header, version 3 (ggml's docs/gguf.md). All numbers are little-endian. */

export const alignment = 32;
const kinds = { uint32: 4, float32: 6, string: 8, array: 9, int32: 5 };

/** `metadata`: kind and value of each key, of an array also the kind of its values. `tensors`: name, shape, blocks, offset. */
export function headerOf(metadata, tensors) {
  const parts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(Object.keys(metadata).length)];
  for (const [key, [kind, ...value]] of Object.entries(metadata)) {
    parts.push(text(key), u32(kinds[kind]));
    if (kind !== 'array') parts.push(encode(kind, value[0]));
    else
      parts.push(
        u32(kinds[value[0]]),
        u64(value[1].length),
        Buffer.concat(value[1].map((one) => encode(value[0], one))),
      );
  }
  for (const { name, shape, blocks, offset } of tensors) {
    // ggml counts dimensions from the innermost.
    parts.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(blocks?.type ?? 0), u64(offset));
  }
  return Buffer.concat(parts);
}

function encode(kind, value) {
  if (kind === 'string') return text(value);
  const buffer = Buffer.alloc(4);
  if (kind === 'float32') buffer.writeFloatLE(value);
  else buffer.writeInt32LE(value);
  return buffer;
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function u64(value) {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

/** Up to where the next tensor may begin. */
export function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);
}
