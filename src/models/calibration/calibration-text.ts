/** The text that a build is calibrated on, as token ids: some short pieces of it, from all its parts. */
import { readFile } from 'node:fs/promises';
import { bundledTextFile, textLines } from '../bundled-text.js';
import { loadChatTemplate, loadTokenizer } from '../load-model.js';
import type { ModelFolder } from '../model-folder.js';
import { readTextFile } from '../receipt/text-file.js';

/** A text file, read as `readTextFile` says; `null`: the text that ships with the project. */
export type CalibrationText = string | null;

/** How much of it is read. */
export interface CalibrationLength {
  /** Tokens of a piece at most. */
  readonly pieceTokens: number;
  /** Tokens of all pieces, about. */
  readonly tokens: number;
}

/** At least one piece, each of at least two tokens. Throws `invalid_config` for a file that cannot be used. */
export async function calibrationPieces(
  text: CalibrationText,
  folder: ModelFolder,
  { pieceTokens, tokens }: CalibrationLength,
): Promise<readonly number[][]> {
  const tokenizer = await loadTokenizer(folder, folder.manifest.shape.vocab);
  try {
    const chatTemplate = await loadChatTemplate(folder);
    const texts =
      text === null
        ? await Promise.all(
            textLines(await readFile(bundledTextFile, 'utf8')).map((line) => tokenizer.encode(line, special)),
          )
        : (await readTextFile(text, { tokenizer, chatTemplate })).texts;
    const length = Math.min(pieceTokens, folder.manifest.shape.context);
    return spread(
      texts.flatMap((ids) => cut(ids, length)),
      tokens,
    );
  } finally {
    await tokenizer.close();
  }
}

const special = { addSpecialTokens: true };

function cut(ids: readonly number[], length: number): number[][] {
  const pieces: number[][] = [];
  for (let start = 0; start + 2 <= ids.length; start += length) pieces.push(ids.slice(start, start + length));
  return pieces;
}

/** Every so many pieces, so that those that are taken have about as many tokens as wanted. */
function spread(pieces: readonly number[][], tokens: number): number[][] {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const every = Math.max(1, Math.floor(total / tokens));
  return pieces.filter((_, index) => index % every === 0);
}
