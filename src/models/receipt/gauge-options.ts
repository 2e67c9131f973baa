/** What a model is measured on, and how it is run. */
import type { ModelFolder } from '../model-folder.js';
import type { RunOptions } from './comparison-protocol.js';
import type { OnProgress } from './progress.js';

/** What to measure on. */
export interface TextOptions {
  /**
   * A text file, as `readTextFile` reads it for models that continue a text, and `readTexts` for others; `null`: text that
   * FP32 writes, or for encoders the bundled text.
   */
  readonly text: string | null;
  /** Predictions to measure, or tokens that an encoder reads; `null`: the whole file, or `sampled`. */
  readonly tokens: number | null;
  /** Predictions on text that FP32 writes, where `tokens` says nothing; `sampledTokens` when left out. */
  readonly sampled?: number;
}

export interface GaugeOptions extends TextOptions {
  /** Two builds of the same model, the first in FP32. */
  readonly reference: ModelFolder;
  readonly model: ModelFolder;
  /** Folder of the reference. */
  readonly referencePath: string;
  readonly run: RunOptions;
  readonly onProgress: OnProgress;
}

/** Predictions on text that FP32 writes, where nothing else is said. */
export const sampledTokens = 20_000;
