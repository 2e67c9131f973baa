/** `octavo show`: what a model folder holds, and what its receipt says. */
import { OctavoError } from '../errors.js';
import type { Manifest } from '../models/manifest.js';
import { openModelFolder } from '../models/model-folder.js';
import type { Receipt } from '../models/receipt/receipt.js';
import { describeOptions, type OptionTable, parseOptions, toggle } from '../options.js';
import type { Command } from './command.js';
import { describeKept } from './kept-line.js';
import { formatReceipt } from './receipt-table.js';

const showOptions = {
  json: { schema: toggle(), help: 'Print one JSON object: manifest and receipt' },
} as const satisfies OptionTable;

export const showCommand: Command = {
  name: 'show',
  summary: 'Show a model folder and its quality receipt',
  help: `Usage: octavo show <folder> [options]

Checks the files of a model folder against its manifest, and prints what the model is, what its precision costs in
quality, and what it gains in speed and size against FP32.

${describeOptions(showOptions)}
`,
  run: async (argv) => {
    const { values, positionals } = parseOptions(showOptions, { argv });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new OctavoError('invalid_config', 'Give one model folder.');
    const folder = await openModelFolder(path);
    const { manifest } = folder;
    const receipt = await folder.readReceipt();
    process.stdout.write(
      values.json ? `${JSON.stringify({ manifest, receipt }, null, 2)}\n` : describe(manifest, receipt),
    );
  },
};

function describe(manifest: Manifest, receipt: Receipt | null): string {
  const { name, architecture, precision, shape, builder, files } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const proof =
    receipt === null
      ? 'No receipt: nobody measured this build against FP32 ("octavo receipt").\n'
      : formatReceipt(receipt);
  return `${name} (${architecture}, ${precision}), built by Octavo ${builder}
${shape.layers} layers, hidden ${shape.hidden}, ${shape.heads} heads, ${shape.kvHeads} KV heads of ${shape.headDim}, vocabulary ${shape.vocab}, context ${shape.context} tokens
${files.length} files as the manifest lists them, ${(bytes / 2 ** 20).toFixed(1)} MiB
${describeKept(manifest)}
${proof}`;
}
