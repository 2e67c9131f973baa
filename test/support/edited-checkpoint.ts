/** Copies of checkpoints in which some weights are others: damaged ones, and ones that INT8 cannot keep. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Edit {
  readonly tensor: string;
  /** Of every row, or of a vector; all of them when left out. */
  readonly column?: number;
  readonly value: 0 | 1000;
}

/** The values' bits, little endian. */
const bits = {
  F32: { 0: [0, 0, 0, 0], 1000: [0, 0, 0x7a, 0x44] },
  F16: { 0: [0, 0], 1000: [0xd0, 0x63] },
  BF16: { 0: [0, 0], 1000: [0x7a, 0x44] },
} as const;

interface Entry {
  readonly dtype: keyof typeof bits;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Copies the folder `source` to `target` and edits its model.safetensors there. */
export function editCheckpoint(source: string, target: string, edits: readonly Edit[]): string {
  cpSync(source, target, { recursive: true });
  const file = join(target, 'model.safetensors');
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, start).toString()) as Record<string, Entry>;
  for (const { tensor, column, value } of edits) {
    const entry = header[tensor];
    if (entry === undefined) throw new Error(`no tensor ${tensor}`);
    const pattern = Buffer.from(bits[entry.dtype][value]);
    const columns = entry.shape.at(-1) ?? 1;
    const values = bytes.subarray(start + entry.data_offsets[0], start + entry.data_offsets[1]);
    for (let at = 0; at * pattern.length < values.length; at++) {
      if (column === undefined || at % columns === column) pattern.copy(values, at * pattern.length);
    }
  }
  writeFileSync(file, bytes);
  return target;
}
