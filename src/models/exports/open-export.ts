/** Opens an export by others for serving: chooses its graph, looks at it, and finds out what it is. No hash vouches for it. */
import { lstat } from 'node:fs/promises';
import { OctavoError } from '../../errors.js';
import { readSentenceModules } from '../build/source/sentence-modules.js';
import { readEndTokens } from '../end-tokens.js';
import { nameOf } from '../model-name.js';
import type { GraphFacts } from '../onnx-file/graph-facts.js';
import { inspectGraph } from '../onnx-file/inspect-graph.js';
import type { DecoderPlan, EncoderPlan, ServedFolder } from '../served-folder.js';
import { companyRemark } from './company.js';
import { isDecoder, readDecoderExport } from './decoder-export.js';
import { readEncoderExport } from './encoder-export.js';
import { ExportFiles } from './export-files.js';
import { type ChosenGraph, chooseGraph } from './export-layout.js';
import { precisionOf } from './graph-precision.js';

/**
 * `variant`: of the ONNX files, `null` for the folder's own choice. Throws `invalid_model` naming the file that cannot be
 * used, `unsupported_model` for what is not served.
 */
export async function openExport(folder: string, variant: string | null): Promise<ServedFolder> {
  const files = await ExportFiles.open(folder);
  const chosen = await chooseGraph(files, variant);
  const graph = await files.check(chosen.path);
  const facts = await inspectGraph(graph, files.find);
  const { plan, remarks } = await readPlan(facts, chosen, files);
  const name = nameOf(files.root) || 'model';
  return {
    // Two variants of one folder must not have the same id.
    name: variant === null ? name : `${name}:${variant}`,
    architecture: chosen.facts.architecture,
    precision: chosen.precision ?? precisionOf(facts),
    created: Math.floor((await lstat(graph)).mtimeMs / 1000),
    ...{ graph, plan, remarks, generation: chosen.generation },
    readJson: (file) => files.readJson(file),
    readText: (file) => files.readText(file),
    readReceipt: async () => null,
  };
}

interface PlanWithRemarks {
  readonly plan: DecoderPlan | EncoderPlan;
  readonly remarks: readonly string[];
}

async function readPlan(facts: GraphFacts, chosen: ChosenGraph, files: ExportFiles): Promise<PlanWithRemarks> {
  const { names, generation, config } = chosen;
  const company = companyRemark(facts);
  if (isDecoder(facts, names)) {
    const { shape, ports, growing } = readDecoderExport(facts, names, chosen.facts);
    const endTokens = readEndTokens([generation, config ?? {}], shape.vocab);
    const plan = { kind: 'decoder', shape, ports, endTokens } as const;
    if (growing !== '') return { plan, remarks: [slowRemark(growing)] };
    return { plan, remarks: company === null ? [] : [company] };
  }
  if (config === null) {
    throw new OctavoError(
      'unsupported_model',
      `The graph takes no "${names.past[0]?.replace('%d', '0')}": no decoder with a cache.`,
    );
  }
  const tokenizer = (await files.readJson('tokenizer_config.json')) ?? {};
  const modules = await readSentenceModules((name) => files.read(name));
  return {
    plan: readEncoderExport(facts, { config, tokenizer, modules }),
    remarks: company === null ? [] : [company],
  };
}

function slowRemark(reason: string): string {
  return `The cache is not written in place (${reason}): rows run one after the other, and no beginnings of prompts are kept.`;
}
