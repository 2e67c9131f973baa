/** `octavo show`: what a model folder holds, and what its receipt says. */
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import { parseFolder } from '../models/folder-reference.js';
import type { Manifest } from '../models/manifest.js';
import { openModelFolder } from '../models/model-folder.js';
import { hasManifest, openFolder } from '../models/open-folder.js';
import type { Receipt } from '../models/receipt/receipt.js';
import type { ServedFolder } from '../models/served-folder.js';
import type { EncoderHead } from '../models/served-model.js';
import { describeOptions, type OptionTable, parseOptions, toggle } from '../options.js';
import type { Command } from './command.js';
import { describeKept } from './kept-line.js';
import { describePrecision } from './precision-line.js';
import { formatReceipt } from './receipt-table.js';

const showOptions = {
  json: { schema: toggle(), help: 'Print one JSON object: manifest and receipt, or of an export what was found' },
} as const satisfies OptionTable;

export const showCommand: Command = {
  name: 'show',
  summary: 'Show a model folder and its quality receipt',
  help: `Usage: octavo show <folder> [options]

Checks the files of a model folder against its manifest, and prints what the model is, what its precision costs in
quality, and what it gains in speed and size against FP32. Of an ONNX export by others (folder or folder:variant): what
it was found to be, and how it runs.

${describeOptions(showOptions)}
`,
  run: async (argv) => {
    const { values, positionals } = parseOptions(showOptions, { argv });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new OctavoError('invalid_config', 'Give one model folder.');
    const { folder, variant } = await parseFolder(path);
    const text = variant === null && (await hasManifest(folder)) ? await showBuilt(folder) : await showExport(path);
    process.stdout.write(values.json ? `${JSON.stringify(text.json, null, 2)}\n` : text.lines);
  },
};

/** What is printed: for a person, or as JSON. */
interface Shown {
  readonly lines: string;
  readonly json: object;
}

async function showBuilt(path: string): Promise<Shown> {
  const folder = await openModelFolder(path);
  const { manifest } = folder;
  const receipt = await folder.readReceipt();
  return { lines: describe(manifest, receipt), json: { manifest, receipt } };
}

async function showExport(reference: string): Promise<Shown> {
  const folder = await openFolder(reference);
  const { name, architecture, precision, graph, plan, remarks } = folder;
  return { lines: describeExport(folder), json: { name, architecture, precision, graph, plan, remarks } };
}

function describeExport({ name, architecture, precision, graph, plan, remarks }: ServedFolder): string {
  const sizes =
    plan.kind === 'decoder'
      ? `${counted(plan.shape.layers, 'layer')}, ${counted(plan.shape.kvHeads, 'KV head')} of ${plan.shape.headDim}, vocabulary ${plan.shape.vocab}, context ${plan.shape.context} tokens`
      : `${describeHead(plan.head)}, vocabulary ${plan.vocab}, context ${plan.context} tokens`;
  const notes = remarks.map((remark) => `Note: ${remark}\n`).join('');
  return `${name} (${architecture}, ${precision}), an ONNX export without manifest: no hash vouches for its files
${sizes}
${graph}
${notes}`;
}

function describeHead(head: EncoderHead): string {
  return head.task === 'embed' ? `vectors of ${head.dimensions}` : `labels ${head.labels.join(', ')}`;
}

/** What it gives. */
function describeTask({ task, labels = [], dimensions }: Manifest): string {
  switch (task) {
    case 'generate':
      return 'generates text';
    case 'embed':
      return `embeds texts as vectors of ${dimensions}`;
    case 'classify':
      return `classifies texts: ${labels.join(', ')}`;
    case 'tag':
      return `labels tokens: ${labels.join(', ')}`;
  }
}

/** What its makers tell of it, and with a model that was measured otherwise, its figures. */
function describeCard(files: Manifest['files']): string {
  const card = files.find(({ path }) => path === 'MODEL_CARD.md' || path === 'README.md');
  return card === undefined ? '' : ` What its makers measured is in its ${card.path}.`;
}

function describe(manifest: Manifest, receipt: Receipt | null): string {
  const { name, architecture, shape, builder, files } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const proof =
    receipt === null
      ? `No receipt: this build was not measured against FP32 by "octavo receipt".${describeCard(files)}\n`
      : formatReceipt(receipt);
  return `${name} (${architecture}, ${describePrecision(manifest)}), built by Octavo ${builder}
${describeTask(manifest)}
${counted(shape.layers, 'layer')}, hidden ${shape.hidden}, ${counted(shape.heads, 'head')}, ${counted(shape.kvHeads, 'KV head')} of ${shape.headDim}, vocabulary ${shape.vocab}, context ${shape.context} tokens
${counted(files.length, 'file')} as the manifest lists them, ${(bytes / 2 ** 20).toFixed(1)} MiB
${describeKept(manifest)}
${proof}`;
}
