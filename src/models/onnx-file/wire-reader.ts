/**
 * Walks the fields of a protobuf file (protobuf.dev/programming-guides/encoding) without holding it: what nobody asks
 * for, such as gigabytes of weights, is passed over, and how much may be read and kept is bounded.
 */
import { readSync } from 'node:fs';

/** Bytes from `start` up to `end` of the file: a message, a text, packed numbers, or raw bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A field's value: a number of up to 64 bits, or where its bytes are. */
export type WireValue = bigint | Span;

/** What is wrong with the bytes, to follow the name of the file. */
export class WireError extends Error {}

/** Fields of a whole file; a graph of ten thousand nodes has a few hundred thousand. */
const maxFields = 4_000_000;
const maxTextBytes = 64 * 2 ** 20;
const maxTextLength = 1 << 16;
const windowBytes = 1 << 18;

export class WireReader {
  readonly size: number;
  readonly #descriptor: number;
  readonly #window = Buffer.alloc(windowBytes);
  #windowStart = 0;
  #windowEnd = 0;
  #position = 0;
  #fields = 0;
  #textBytes = 0;

  /** `size`: bytes of the file. */
  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  /** Calls `visit` for each field of a message. Throws `WireError` for bytes that are none. */
  message({ start, end }: Span, visit: (field: number, value: WireValue) => void): void {
    for (let next = start; next < end; ) {
      if (++this.#fields > maxFields) throw new WireError(`it has more than ${maxFields} fields`);
      this.#position = next;
      const tag = Number(this.#varint(end));
      const value = this.#value(tag % 8, end);
      next = typeof value === 'bigint' ? this.#position : value.end;
      if (tag < 8) throw new WireError('it is no protobuf message: a field has the number 0');
      visit(Math.floor(tag / 8), value);
    }
  }

  text(value: WireValue): string {
    const { start, end } = asSpan(value);
    const length = end - start;
    this.#textBytes += length;
    if (length > maxTextLength) throw new WireError(`a name in it has ${length} bytes, at most ${maxTextLength}`);
    if (this.#textBytes > maxTextBytes) throw new WireError(`its names have more than ${maxTextBytes} bytes together`);
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#byte(start + i);
    return bytes.toString('utf8');
  }

  /** Numbers of a repeated field: packed, or one of them by itself. `max` bounds how many are kept. */
  varints(value: WireValue, max: number): bigint[] {
    if (typeof value === 'bigint') return [value];
    const numbers: bigint[] = [];
    for (this.#position = value.start; this.#position < value.end; ) {
      numbers.push(this.#varint(value.end));
      if (numbers.length > max) throw new WireError(`a list in it has more than ${max} numbers`);
    }
    return numbers;
  }

  /** How many numbers `varints` would give, without keeping them. */
  countVarints(value: WireValue): number {
    if (typeof value === 'bigint') return 1;
    let count = 0;
    for (let at = value.start; at < value.end; at++) if (this.#byte(at) < 0x80) count++;
    return count;
  }

  /** Wire types: 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes; the groups 3 and 4 are long gone. */
  #value(wireType: number, end: number): WireValue {
    if (wireType === 0) return this.#varint(end);
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? Number(this.#varint(end)) : null;
    if (length === null) throw new WireError(`it is no protobuf message: wire type ${wireType}`);
    const span = { start: this.#position, end: this.#position + length };
    if (span.end > end) throw new WireError('it is truncated: a field reaches beyond the end');
    return span;
  }

  #varint(end: number): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#position >= end) throw new WireError('it is truncated: a number reaches beyond the end');
      const byte = this.#byte(this.#position++);
      if (byte < 0x80 && shift === 0n) return BigInt(byte);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireError('it is no protobuf message: a number has more than ten bytes');
  }

  #byte(at: number): number {
    if (at < this.#windowStart || at >= this.#windowEnd) {
      const length = Math.min(windowBytes, this.size - at);
      const read = readSync(this.#descriptor, this.#window, 0, length, at);
      if (read === 0) throw new WireError('it became shorter while it was read');
      this.#windowStart = at;
      this.#windowEnd = at + read;
    }
    return this.#window[at - this.#windowStart]!;
  }
}

/** Throws `WireError` where a number stands in the place of bytes. */
export function asSpan(value: WireValue): Span {
  if (typeof value === 'bigint') throw new WireError('it is no ONNX model: a number stands where a message should');
  return value;
}
