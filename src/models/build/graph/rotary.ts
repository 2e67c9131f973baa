/** Rotary position tables (RoFormer, arXiv 2104.09864): cos and sin of position times frequency. */
import type { GraphContext } from './graph-context.js';
import { bytesOf, type TensorSource } from './tensor.js';

export interface Rotary {
  /** Positions the tables cover. */
  readonly context: number;
  /** Radians a position. Pair i of n is dimensions i and n + i of a head; those from 2n on do not rotate. */
  readonly frequencies: readonly number[];
  /** Factor on cos and sin, which some scalings of long contexts ask for; 1 otherwise. */
  readonly amplitude: number;
}

/** Both float32 [context, frequencies]. */
export interface RotaryTables {
  readonly cos: string;
  readonly sin: string;
}

/** Rows made at once, so that a long context costs no memory. */
const rowsAtOnce = 1024;

/** Adds the tables as `<name>.cos` and `<name>.sin`. */
export function rotaryTables({ builder }: GraphContext, name: string, rotary: Rotary): RotaryTables {
  const [cos, sin] = [`${name}.cos`, `${name}.sin`] as const;
  builder.initializers(rotaryTable(cos, rotary, Math.cos));
  builder.initializers(rotaryTable(sin, rotary, Math.sin));
  return { cos, sin };
}

/** base^(-2i / dimensions): the frequencies of the paper, before any scaling. */
export function plainFrequencies(base: number, dimensions: number): readonly number[] {
  return Array.from({ length: dimensions / 2 }, (_, i) => base ** ((-2 * i) / dimensions));
}

function rotaryTable(name: string, rotary: Rotary, wave: (angle: number) => number): TensorSource {
  const { context, frequencies, amplitude } = rotary;
  const width = frequencies.length;
  return {
    tensors: [{ name, type: 'float32', dims: [context, width] }],
    async *chunks() {
      for (let first = 0; first < context; first += rowsAtOnce) {
        const rows = Math.min(rowsAtOnce, context - first);
        const table = new Float32Array(rows * width);
        for (let i = 0; i < table.length; i++) {
          table[i] = amplitude * wave((first + Math.floor(i / width)) * frequencies[i % width]!);
        }
        yield bytesOf(table);
      }
    },
  };
}
