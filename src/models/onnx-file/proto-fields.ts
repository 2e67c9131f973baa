/** Writes protobuf fields (protobuf.dev/programming-guides/encoding): numbers as varints, everything else with its length. */

/** A number of a field, and its value: a message, a text, or a whole number. */
export type ProtoField = readonly [number: number, value: Uint8Array | string | bigint];

export function protoMessage(fields: readonly ProtoField[]): Uint8Array {
  return Buffer.concat(fields.flatMap(encodeField));
}

function encodeField([number, value]: ProtoField): Uint8Array[] {
  if (typeof value === 'bigint') return [varint(BigInt(number * 8)), varint(BigInt.asUintN(64, value))];
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return [varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes];
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
