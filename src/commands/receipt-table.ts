/** A receipt as a person reads it in a terminal. */
import type { Receipt, SpeedRun } from '../models/receipt/receipt.js';

export function formatReceipt(receipt: Receipt): string {
  const { perplexity, divergence, agreement, logits, disk, resident } = receipt;
  const lines = [
    ['', 'FP32', receipt.precision.toUpperCase(), ''],
    [
      'perplexity',
      perplexity.reference.toFixed(4),
      perplexity.model.toFixed(4),
      `${signedPercent(perplexity.change)} ± ${percent(perplexity.error)}`,
    ],
    ['divergence, nats a token', '', divergence.toFixed(5), ''],
    ['same most likely token', '', percent(agreement), ''],
    ['difference of logits', '', logits.mean.toFixed(4), `at most ${logits.largest.toFixed(3)}`],
    ...receipt.speed.map((run) => [
      describeRun(run),
      rate(run.reference),
      rate(run.model),
      `${(run.model / run.reference).toFixed(2)} x`,
    ]),
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
export function signedPercent(share: number): string {
  return `${share < 0 ? '' : '+'}${percent(share)}`;
}

function toLine([what = '', reference = '', model = '', change = '']: readonly string[]): string {
  return `${what.padEnd(26)}${reference.padStart(14)}${model.padStart(14)}   ${change}`.trimEnd();
}

function describeSetting({ text, machine, versions, provider, threads, date }: Receipt): string {
  const source = text.source === 'file' ? text.name : 'sampled from FP32';
  return `Text: ${source}, ${text.texts} texts, ${text.predictions} predictions in windows of up to ${text.window} tokens.
Machine: ${machine.cpu} (${machine.features.join(', ') || 'no INT8 features known'}), ${machine.cores} cores, ${machine.memory} GiB, ${machine.platform}; ${provider}, ${threads} threads.
Octavo ${versions.octavo}, ONNX Runtime ${versions.onnxruntime}, Node ${versions.node}; measured ${date.slice(0, 10)}.`;
}

function describeRun({ run, rows, tokens }: SpeedRun): string {
  return run === 'decode' ? `tokens/s, ${rows} ${rows === 1 ? 'row' : 'rows'}` : `tokens/s, prompt of ${tokens}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

function rate(tokensPerSecond: number): string {
  return tokensPerSecond.toFixed(tokensPerSecond < 100 ? 1 : 0);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
