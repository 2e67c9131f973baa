/** Opens a folder for serving: one that `octavo build` wrote, or an export by others. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { OctavoError } from '../errors.js';
import { cacheShape } from './cache-shape.js';
import { encoderPlan } from './encoder-plan.js';
import { openExport } from './exports/open-export.js';
import { parseFolder } from './folder-reference.js';
import { type ModelFolder, openModelFolder } from './model-folder.js';
import { describeRandom } from './random-remark.js';
import type { DecoderPlan, ServedFolder } from './served-folder.js';

/**
 * `reference`: a folder, or `folder:variant`. Throws `invalid_model` naming the file that cannot be used,
 * `unsupported_model` for what is not served.
 */
export async function openFolder(reference: string): Promise<ServedFolder> {
  const { folder, variant } = await parseFolder(reference);
  if (!(await hasManifest(folder))) return openExport(folder, variant);
  const built = await openModelFolder(folder);
  const { name, precision } = built.manifest;
  if (variant === null || variant === precision) return describeBuilt(built);
  throw new OctavoError('invalid_model', `${name} was built by Octavo, in ${precision} alone: it has no "${variant}".`);
}

/** Whether `octavo build` wrote the folder. */
export async function hasManifest(folder: string): Promise<boolean> {
  return (await lstat(path.join(folder, 'manifest.json')).catch(() => null)) !== null;
}

async function describeBuilt(folder: ModelFolder): Promise<ServedFolder> {
  const { manifest, graph, created, readReceipt, readJson, readText } = folder;
  const { name, architecture, precision, random } = manifest;
  return {
    ...{ name, architecture, precision, created, graph, readReceipt, readJson, readText },
    remarks: random ? [describeRandom(random)] : [],
    plan: manifest.task === 'generate' ? decoderPlan(folder) : encoderPlan(manifest),
    generation: (await readJson('generation_config.json')) ?? {},
  };
}

function decoderPlan({ manifest, encoderGraph }: ModelFolder): DecoderPlan {
  const { endTokens, encoder } = manifest;
  const plan: DecoderPlan = { kind: 'decoder', shape: cacheShape(manifest), endTokens };
  return encoder && encoderGraph !== null
    ? { ...plan, encoder: { graph: encoderGraph, startToken: encoder.startToken } }
    : plan;
}
