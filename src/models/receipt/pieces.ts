/** A window in pieces whose logits fit into memory. */
import { chunkLengths, type LogitsReader } from './logits-reader.js';
import type { Window } from './windows.js';

export interface Piece {
  readonly ids: readonly number[];
  /** Tokens of the window before these. */
  readonly past: number;
  /** Position in `ids` that predicts the first of `targets`; those before it are only read. */
  readonly first: number;
  /** The true tokens, each predicted at the position before it; a window's last position has none. */
  readonly targets: readonly number[];
}

export function cutPieces({ ids, from }: Window, vocab: number): Piece[] {
  let past = 0;
  return chunkLengths(ids.length, vocab).map((length) => {
    const first = Math.max(0, from - 1 - past);
    const targets = ids.slice(past + first + 1, past + length + 1);
    const piece = { ids: ids.slice(past, past + length), past, first, targets };
    past += length;
    return piece;
  });
}

/** The logits that predict the piece's targets, [targets, vocab]; they hold until the reader's next call. */
export async function readPiece(reader: LogitsReader, piece: Piece, vocab: number): Promise<Float32Array> {
  const logits = await reader.read(piece.ids, piece.past);
  return logits.subarray(piece.first * vocab, (piece.first + piece.targets.length) * vocab);
}
