/** A receipt as a person reads it in a terminal. */
import { counted } from '../counted.js';
import { percent } from '../models/receipt/percent.js';
import type { Figures, FiguresOf, PredictedText, ReadText, Receipt, SpeedRun } from '../models/receipt/receipt.js';

/** What is shown of one quantity: its name, FP32's value, the model's, and how they compare. */
type Line = readonly [what: string, reference: string, model: string, change: string];

type Differences = FiguresOf<'generate'>['logits'];

export function formatReceipt(receipt: Receipt): string {
  const { disk, resident } = receipt;
  const lines: Line[] = [
    ['', 'FP32', receipt.precision.toUpperCase(), ''],
    ...qualityLines(receipt),
    ...receipt.speed.map(
      (run): Line => [
        describeRun(run),
        rate(run.reference),
        rate(run.model),
        `${(run.model / run.reference).toFixed(2)} x`,
      ],
    ),
    ['on disk', mebibytes(disk.reference), mebibytes(disk.model), percent(disk.model / disk.reference)],
    [
      'resident memory',
      mebibytes(resident.reference),
      mebibytes(resident.model),
      percent(resident.model / resident.reference),
    ],
  ];
  return `${lines.map(toLine).join('\n')}\n\n${describeSetting(receipt)}\n`;
}

/** `+0.03%` */
function signedPercent(share: number): string {
  return `${share < 0 ? '' : '+'}${percent(share)}`;
}

function qualityLines(figures: Figures): Line[] {
  switch (figures.task) {
    case 'generate':
      return predictionLines(figures);
    case 'embed':
      return vectorLines(figures);
    case 'classify':
    case 'tag':
      return labelLines(figures);
  }
}

function predictionLines({ perplexity, divergence, agreement, logits }: FiguresOf<'generate'>): Line[] {
  const { reference, model, change, error } = perplexity;
  return [
    ['perplexity', reference.toFixed(4), model.toFixed(4), `${signedPercent(change)} ± ${percent(error)}`],
    ['divergence, nats a token', '', divergence.toFixed(5), ''],
    ['same most likely token', '', percent(agreement), ''],
    differenceLine('difference of logits', logits),
  ];
}

function vectorLines({ cosine, neighbours }: FiguresOf<'embed'>): Line[] {
  const lowest = `1% below ${cosine.percentile.toFixed(5)}, lowest ${cosine.lowest.toFixed(5)}`;
  return [
    ['cosine to FP32', '', cosine.mean.toFixed(5), lowest],
    ['cosine of other texts', cosine.others.toFixed(5), '', ''],
    [`same ${neighbours.nearest} nearest texts`, '', percent(neighbours.overlap), ''],
  ];
}

function labelLines({ task, agreement, divergence, logits, scores }: FiguresOf<'classify' | 'tag'>): Line[] {
  return [
    [task === 'tag' ? 'same label of a token' : 'same label', '', percent(agreement), ''],
    [`divergence, nats a ${task === 'tag' ? 'token' : 'text'}`, '', divergence.toFixed(5), ''],
    differenceLine('difference of scores', scores),
    differenceLine('difference of logits', logits),
  ];
}

function differenceLine(what: string, { mean, largest }: Differences): Line {
  return [what, '', mean.toFixed(4), `at most ${largest.toFixed(3)}`];
}

function toLine([what, reference, model, change]: Line): string {
  return `${what.padEnd(26)}${reference.padStart(14)}${model.padStart(18)}   ${change}`.trimEnd();
}

function describeSetting(receipt: Receipt): string {
  const { machine, versions, provider, threads, date } = receipt;
  const text = receipt.task === 'generate' ? describePredicted(receipt.text) : describeRead(receipt.text);
  const cache = receipt.kvCache === 'int8' ? 'KV cache in int8.\n' : '';
  return `${cache}Text: ${text}.
Machine: ${machine.cpu} (${machine.features.join(', ') || 'no INT8 features known'}), ${machine.cores} cores, ${machine.memory} GiB, ${machine.platform}; ${provider}, ${counted(threads, 'thread')}.
Octavo ${versions.octavo}, ONNX Runtime ${versions.onnxruntime}, Node ${versions.node}; measured ${date.slice(0, 10)}.`;
}

function describePredicted({ source, name, texts, predictions, window }: PredictedText): string {
  if (source === 'answers') {
    const prompts = name === '' ? 'the bundled text' : name;
    return `${texts} answers of FP32 to ${prompts}, ${predictions} predictions in answers of up to ${window} tokens`;
  }
  const origin = source === 'file' ? name : 'sampled from FP32';
  return `${origin}, ${texts} texts, ${predictions} predictions in windows of up to ${window} tokens`;
}

function describeRead({ source, name, texts, tokens, longest }: ReadText): string {
  const origin = source === 'file' ? name : 'the bundled text';
  return `${origin}, ${texts} texts, ${tokens} tokens in texts of up to ${longest}`;
}

function describeRun({ run, rows, tokens }: SpeedRun): string {
  if (run === 'encode') return `texts/s, ${rows} x ${tokens} tokens`;
  return run === 'decode' ? `tokens/s, ${counted(rows, 'row')}` : `tokens/s, prompt of ${tokens}`;
}

function rate(perSecond: number): string {
  return perSecond.toFixed(perSecond < 100 ? 1 : 0);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
