/** The text that a receipt is measured on: a file's, or what the FP32 model writes itself. */
import { createHash } from 'node:crypto';
import { loadChatTemplate, loadDecoder, loadTokenizer } from '../load-model.js';
import type { ModelFolder } from '../model-folder.js';
import type { ProviderName, RuntimeName } from '../runtime/runtime.js';
import type { OnProgress } from './progress.js';
import type { TextInfo } from './receipt.js';
import { sampleTexts } from './sampled-text.js';
import { readTextFile } from './text-file.js';
import { countPredictions, cutWindows, type Window } from './windows.js';

export interface TextOptions {
  /** Folder of the same model in FP32. */
  readonly reference: string;
  /** A text file, read as `readTextFile` says; `null`: text is sampled from the reference. */
  readonly text: string | null;
  /** Predictions to measure; `null`: the whole file, or `sampledTokens`. */
  readonly tokens: number | null;
  readonly runtime: RuntimeName | 'auto';
  readonly provider: ProviderName | 'auto';
  readonly threads: number;
}

export interface MeasurementText {
  readonly info: TextInfo;
  readonly windows: readonly Window[];
}

/** Tokens of a window at most. */
export const windowTokens = 512;
/** Texts that are sampled together. */
const sampledRows = 16;

/** Predictions on sampled text where nothing else is said. */
export const sampledTokens = 20_000;

/** The text for a model. Throws `invalid_config` for a file that cannot be used. */
export function chooseText(
  options: TextOptions,
  folder: ModelFolder,
  onProgress: OnProgress,
): Promise<MeasurementText> {
  return options.text === null
    ? sampleText(options, folder, onProgress)
    : readText(options.text, folder, options.tokens);
}

async function readText(file: string, folder: ModelFolder, tokens: number | null): Promise<MeasurementText> {
  const tokenizer = await loadTokenizer(folder);
  try {
    const chatTemplate = await loadChatTemplate(folder);
    const { name, sha256, texts } = await readTextFile(file, { tokenizer, chatTemplate });
    const limit = tokens ?? Number.POSITIVE_INFINITY;
    const label = name.replace(/\p{Cc}/gu, '?').slice(0, 256);
    return toWindows(texts, { folder, limit, source: { source: 'file', name: label, sha256 } });
  } finally {
    await tokenizer.close();
  }
}

async function sampleText(options: TextOptions, folder: ModelFolder, onProgress: OnProgress): Promise<MeasurementText> {
  const { shape, endTokens } = folder.manifest;
  const [length, tokens] = [windowLength(shape.context), options.tokens ?? sampledTokens];
  const loaded = await loadDecoder({
    ...options,
    ...{ folder: options.reference, name: null, rows: sampledRows, context: length },
  });
  try {
    const onToken = (done: number) => onProgress({ done, total: tokens, what: 'sampling text from FP32' });
    const begin = await beginToken(folder);
    const texts = await sampleTexts(loaded.engine, { begin, endTokens, length, tokens, onToken });
    const sha256 = createHash('sha256').update(Uint32Array.from(texts.flat())).digest('hex');
    return toWindows(texts, { folder, limit: tokens, source: { source: 'sampled', name: '', sha256 } });
  } finally {
    await loaded.close();
  }
}

function toWindows(
  texts: readonly (readonly number[])[],
  use: {
    readonly folder: ModelFolder;
    readonly limit: number;
    readonly source: Pick<TextInfo, 'source' | 'name' | 'sha256'>;
  },
): MeasurementText {
  const length = windowLength(use.folder.manifest.shape.context);
  const windows = cutWindows(texts, { length, limit: use.limit });
  const info = { ...use.source, texts: texts.length, predictions: countPredictions(windows), window: length };
  return { info, windows };
}

/** Even, as windows overlap by half. */
function windowLength(context: number): number {
  return Math.min(windowTokens, context - (context % 2));
}

/** What texts begin with: the begin token, else the last end token, which stands between texts in training. */
async function beginToken(folder: ModelFolder): Promise<number> {
  for (const name of ['generation_config.json', 'config.json']) {
    const id = (await folder.readJson(name))?.bos_token_id;
    if (Number.isInteger(id)) return id as number;
  }
  return folder.manifest.endTokens.at(-1) ?? 0;
}
