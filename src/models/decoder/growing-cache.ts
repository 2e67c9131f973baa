/** The cache of one row that grows by being written anew: what a step reads and what it writes change places. */
import type { Tensor, TensorMap } from '../runtime/runtime.js';
import type { DecoderPorts } from './decoder-ports.js';
import type { KvShape } from './kv-arena.js';

/** The bindings of a step: as many tokens as before it, and as after it. */
export interface GrowingView {
  readonly past: TensorMap;
  readonly present: TensorMap;
}

/** Tokens that memory is taken for at once: a step adds one, and must not take memory each time. */
const blockTokens = 64;

export class GrowingCache {
  readonly #ports: DecoderPorts;
  readonly #shape: KvShape;
  /** Memory of each tensor of the cache, [kvHeads, tokens, headDim] or twice that: what the last step wrote, and the other. */
  #written: ArrayBuffer[];
  #spare: ArrayBuffer[];

  constructor(shape: KvShape, ports: DecoderPorts) {
    this.#shape = shape;
    this.#ports = ports;
    this.#written = ports.cache.past.map(() => takeMemory(0));
    this.#spare = ports.cache.past.map(() => takeMemory(0));
  }

  /** For a step that reads `past` tokens, those that the step before wrote, and writes `total`. */
  grow(past: number, total: number): GrowingView {
    this.#reserve(total);
    const view = {
      past: this.#bind(this.#ports.cache.past, this.#written, past),
      present: this.#bind(this.#ports.cache.present, this.#spare, total),
    };
    [this.#written, this.#spare] = [this.#spare, this.#written];
    return view;
  }

  /** The row is free: its memory goes back to the system at once, though a session may still have it bound. */
  release(): void {
    for (const memory of [...this.#written, ...this.#spare]) memory.resize(0);
  }

  /** The spare memory holds `tokens`; what is in it is of no use. */
  #reserve(tokens: number): void {
    const bytes = this.#values(tokens) * Float32Array.BYTES_PER_ELEMENT;
    if (this.#spare.every((memory) => memory.byteLength >= bytes)) return;
    const capacity = Math.min(2 * tokens, Math.max(tokens, this.#shape.capacity));
    const reserved = Math.ceil(capacity / blockTokens) * blockTokens;
    this.#spare = this.#spare.map(() => takeMemory(this.#values(reserved) * Float32Array.BYTES_PER_ELEMENT));
  }

  #bind(names: readonly string[], memory: readonly ArrayBuffer[], tokens: number): TensorMap {
    const { kvHeads, headDim } = this.#shape;
    const dims = [...(this.#ports.combined ? [2] : []), 1, kvHeads, tokens, headDim];
    const tensor = (buffer: ArrayBuffer): Tensor => ({
      ...{ type: 'float32', dims },
      data: new Float32Array(buffer, 0, this.#values(tokens)),
    });
    return new Map(names.map((name, index) => [name, tensor(memory[index]!)]));
  }

  /** Numbers of one tensor that holds `tokens`. */
  #values(tokens: number): number {
    const { kvHeads, headDim } = this.#shape;
    return (this.#ports.combined ? 2 : 1) * kvHeads * tokens * headDim;
  }
}

/** It can shrink to nothing. */
function takeMemory(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes, { maxByteLength: bytes });
}
