/** Whether a folder is a checkpoint, before anything of it is read: what is there instead, in words. */
import { readdir } from 'node:fs/promises';
import { OctavoError } from '../../../errors.js';

const served = 'it can be served as it is, but not be built from';
const expected = 'expected a Hugging Face folder with config.json, tokenizer.json and safetensors';

/** Throws `invalid_model` for what is none, an `octavo build` among others. */
export async function checkCheckpointFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new OctavoError('invalid_model', `${describeFailure(folder, error)}: ${expected}.`, null, { cause: error });
  });
  if (names.includes('config.json') && names.some((name) => /\.safetensors(\.index\.json)?$/.test(name))) return;
  throw new OctavoError('invalid_model', `${describeOther(folder, names)}: ${expected}.`);
}

function describeFailure(folder: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `There is no folder ${folder} ("octavo pull" fetches a checkpoint)`;
  return code === 'ENOTDIR' ? `${folder} is a file` : `The folder ${folder} cannot be read (${message})`;
}

function describeOther(folder: string, names: readonly string[]): string {
  if (names.includes('manifest.json')) return `${folder} is a model that is built already: ${served}`;
  if (names.includes('onnx') || names.some((name) => name.endsWith('.onnx')))
    return `${folder} is an export: ${served}`;
  if (!names.includes('config.json')) return `${folder} has no config.json`;
  return `${folder} has no safetensors`;
}
