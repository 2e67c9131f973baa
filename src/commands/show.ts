/** `octavo show`: what a model folder holds, and what its receipt says. */
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import { parseFolder } from '../models/folder-reference.js';
import type { Manifest } from '../models/manifest.js';
import { openModelFolder } from '../models/model-folder.js';
import { hasManifest, openFolder } from '../models/open-folder.js';
import { describeRandom } from '../models/random-remark.js';
import type { Receipt } from '../models/receipt/receipt.js';
import type { ServedFolder } from '../models/served-folder.js';
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
      : `vocabulary ${plan.vocab}, texts of up to ${plan.context} tokens`;
  const notes = remarks.map((remark) => `Note: ${remark}\n`).join('');
  return `${name} (${architecture}, ${precision}), an ONNX export without manifest: no hash vouches for its files
${describeTask(plan.kind === 'decoder' ? { task: 'generate' } : plan.head)}
${sizes}
graph ${graph}
${notes}
No receipt: exports by others are not measured against FP32.
`;
}

/** What it gives. */
function describeTask({ task, labels = [], dimensions }: TaskFacts): string {
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

interface TaskFacts {
  readonly task: Manifest['task'];
  readonly labels?: readonly string[] | undefined;
  readonly dimensions?: number | undefined;
}

/** An encoder keeps no keys and values; an encoder-decoder has its context twice. */
function describeShape({ task, shape, encoder }: Manifest): string {
  const { layers, hidden, heads, kvHeads, headDim, vocab, context } = shape;
  const attention =
    task === 'generate' ? `${counted(heads, 'head')}, ${counted(kvHeads, 'KV head')}` : counted(heads, 'head');
  const longest = task === 'generate' ? `context ${context} tokens` : `texts of up to ${context} tokens`;
  const twice = encoder === undefined ? '' : ' for the prompt and as many for the output';
  return `${counted(layers, 'layer')}, hidden ${hidden}, ${attention} of ${headDim}, vocabulary ${vocab}, ${longest}${twice}`;
}

/** Why nothing was measured, and where to read on. */
function describeUnmeasured({ random, precision, files }: Manifest): string {
  if (random) return 'No receipt: nothing was measured, as random weights have nothing to lose.\n';
  const card = files.find(({ path }) => path === 'MODEL_CARD.md');
  const more = card === undefined ? '' : ` What its makers say of it is in its ${card.path}.`;
  if (precision === 'fp32')
    return `No receipt: builds in FP32 have none, as it is what others are measured against.${more}\n`;
  return `No receipt: this build was not measured against FP32; "octavo receipt" does that.${more}\n`;
}

function describe(manifest: Manifest, receipt: Receipt | null): string {
  const { name, architecture, builder, files, random } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const note = random ? `Note: ${describeRandom(random)}\n` : '';
  return `${name} (${architecture}, ${describePrecision(manifest)}), built by Octavo ${builder}
${describeTask(manifest)}
${describeShape(manifest)}
${counted(files.length, 'file')} as the manifest lists them, ${(bytes / 2 ** 20).toFixed(1)} MiB
${note}${describeKept(manifest)}
${receipt === null ? describeUnmeasured(manifest) : formatReceipt(receipt)}`;
}
