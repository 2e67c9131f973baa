/** The text that models which continue a text are measured on: a file's, or what FP32 writes itself. */
import { loadChatTemplate, loadDecoder, loadTokenizer } from '../load-model.js';
import type { ModelFolder } from '../model-folder.js';
import { type GaugeOptions, sampledTokens } from './gauge-options.js';
import type { PredictedText } from './receipt.js';
import { hashIds, sampleAnswers } from './sampled-text.js';
import { readTextFile } from './text-file.js';
import { countPredictions, cutWindows, type Window } from './windows.js';

export interface MeasurementText {
  readonly info: PredictedText;
  readonly windows: readonly Window[];
}

/** Tokens of a window at most. */
export const windowTokens = 512;
/** Texts that are sampled together. */
const sampledRows = 16;

/** Throws `invalid_config` for a file that cannot be used. */
export function chooseText(options: GaugeOptions): Promise<MeasurementText> {
  return options.text === null ? sampleText(options) : readText(options.text, options);
}

async function readText(file: string, { model, tokens }: GaugeOptions): Promise<MeasurementText> {
  const tokenizer = await loadTokenizer(model, model.manifest.shape.vocab);
  try {
    const chatTemplate = await loadChatTemplate(model);
    const { texts, ...facts } = await readTextFile(file, { tokenizer, chatTemplate });
    const limit = tokens ?? Number.POSITIVE_INFINITY;
    return toWindows(texts, { folder: model, limit, source: { source: 'file', ...facts } });
  } finally {
    await tokenizer.close();
  }
}

async function sampleText(options: GaugeOptions): Promise<MeasurementText> {
  const { model, run, onProgress } = options;
  const { shape, endTokens } = model.manifest;
  const [length, tokens] = [windowLength(shape.context), options.tokens ?? options.sampled ?? sampledTokens];
  const loaded = await loadDecoder({
    ...run,
    ...{ folder: options.referencePath, name: null, rows: sampledRows, context: length },
  });
  try {
    const onToken = (done: number) => onProgress({ done, total: tokens, what: 'sampling text from FP32' });
    const prompts = [[await beginToken(model)]];
    const answers = await sampleAnswers(loaded.engine, { prompts, endTokens, length: length - 1, tokens, onToken });
    const texts = answers.map(({ prompt, answer }) => [...prompt, ...answer]);
    const source = { source: 'sampled', name: '', sha256: hashIds(texts) } as const;
    return toWindows(texts, { folder: model, limit: tokens, source });
  } finally {
    await loaded.close();
  }
}

function toWindows(
  texts: readonly (readonly number[])[],
  use: {
    readonly folder: ModelFolder;
    readonly limit: number;
    readonly source: Pick<PredictedText, 'source' | 'name' | 'sha256'>;
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
