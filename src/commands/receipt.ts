/** `octavo receipt`: measures a model against FP32 and writes its receipt beside it. */
import { oneDeviceName } from '../device-name.js';
import { engineOptions } from '../engine-options.js';
import { OctavoError } from '../errors.js';
import { openModelFolder } from '../models/model-folder.js';
import { sampledTokens } from '../models/receipt/gauge-options.js';
import { measureReceipt } from '../models/receipt/measure.js';
import { removeReceipt, writeReceipt } from '../models/receipt/receipt-file.js';
import { withReference } from '../models/receipt/reference.js';
import { describeOptions, integer, type OptionTable, parseOptions, text } from '../options.js';
import type { Command } from './command.js';
import { stopWith, untilInterrupted } from './interrupt.js';
import { createBar } from './progress-bar.js';
import { checkReadable } from './readable-file.js';
import { formatReceipt } from './receipt-table.js';

/** What to measure on, for the commands that measure. */
export const textOptions = {
  text: {
    schema: text().nullable().default(null),
    value: 'file',
    help: 'Text to measure on: plain, or *.jsonl with OpenAI messages a line (default: FP32 writes it; for encoders it is bundled)',
  },
  tokens: {
    schema: integer(2, 1 << 30)
      .nullable()
      .default(null),
    value: 'n',
    help: 'Predictions to measure, or tokens that an encoder reads',
  },
} as const satisfies OptionTable;

const { threads, device, runtime, ortLibrary } = engineOptions;

const receiptOptions = {
  reference: {
    schema: text(),
    value: 'folder',
    help: 'The same model in FP32: its Hugging Face folder, or a build with --precision fp32 (required)',
  },
  text: textOptions.text,
  tokens: {
    ...textOptions.tokens,
    help: `${textOptions.tokens.help} (default: the whole file; text that FP32 writes: ${sampledTokens})`,
  },
  ...{ threads, runtime, ortLibrary },
  device: { ...device, schema: oneDeviceName().default('auto') },
} as const satisfies OptionTable;

export const receiptCommand: Command = {
  name: 'receipt',
  summary: 'Measure what a precision costs and gains against FP32',
  help: `Usage: octavo receipt <folder> --reference <folder> [options]

Compares a model with FP32 on this machine and writes receipt.json into its folder: perplexity, agreement of the
next token, differences of logits; of a model that embeds, cosines and shared neighbours; of one that classifies or tags,
agreement of labels and differences of scores; speed, size on disk and in memory. Prints it; "octavo show" prints it again.
Measure on a quiet machine: the speeds are of this moment.

A plain text is one text to continue; for encoders and encoder-decoders each of its lines is a text, and of *.jsonl each
message. An encoder-decoder is measured on answers that FP32 writes to them.

${describeOptions(receiptOptions)}

Examples:
  octavo receipt ./qwen --reference ./Qwen2.5-0.5B-Instruct
  octavo receipt ./qwen --reference ./qwen-fp32 --text conversations.jsonl
`,
  run: async (argv, env) => {
    const { values, positionals } = parseOptions(receiptOptions, { argv, env });
    const [model, ...rest] = positionals;
    if (model === undefined || rest.length > 0) throw new OctavoError('invalid_config', 'Give one model folder.');
    if (values.text !== null) await checkReadable('--text', values.text);
    await prepareFolder(model);
    // Both models are compared where they both run well.
    const device = values.device === 'auto' ? 'cpu' : values.device;
    const receipt = await untilInterrupted((signal) => {
      const onProgress = stopWith(signal, createBar(process.stderr));
      return withReference({ source: values.reference, near: model, onProgress }, (reference) =>
        measureReceipt({ ...values, device, reference, model }, onProgress),
      );
    });
    await writeReceipt(model, receipt);
    process.stdout.write(formatReceipt(receipt));
  },
};

/** A receipt of another build, or of an older form, must not stop the measurement that replaces it. */
async function prepareFolder(model: string): Promise<void> {
  const folder = await openModelFolder(model);
  await folder.readReceipt().catch(() => removeReceipt(model));
}
