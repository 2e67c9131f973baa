/** The file `receipt.json` beside a model: optional, not listed in the manifest, and tied to the bytes it was measured on. */
import { randomUUID } from 'node:crypto';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { OctavoError } from '../../errors.js';
import { describeFaults } from '../../validation-issue.js';
import type { Manifest } from '../manifest.js';
import { type Receipt, receiptSchema } from './receipt.js';

export const receiptName = 'receipt.json';

const maxBytes = 1 << 16;

/** What a receipt is tied to: SHA-256 of each graph and of its weights, the file `<graph>_data`. */
export function measuredFiles({ files, graph, encoder }: Manifest): Pick<Receipt, 'graph' | 'weights' | 'encoder'> {
  const sha256 = (name: string) => {
    const file = files.find((candidate) => candidate.path === name);
    if (file === undefined) throw new OctavoError('invalid_model', `The manifest does not list ${name}.`);
    return file.sha256;
  };
  const hashes = (name: string) => ({ graph: sha256(name), weights: sha256(`${name}_data`) });
  return { ...hashes(graph), ...(encoder && { encoder: hashes(encoder.graph) }) };
}

/**
 * `null` when the folder has none. Throws `invalid_model` when it is no receipt, or one of another build: a wrong proof
 * is worse than none.
 */
export async function readReceipt(folder: string, manifest: Manifest): Promise<Receipt | null> {
  const file = path.join(folder, receiptName);
  const stats = await lstat(file).catch(() => null);
  if (stats === null) return null;
  if (!stats.isFile() || stats.size > maxBytes)
    throw invalid(file, `it is not a plain file of up to ${maxBytes} bytes`);
  const receipt = parseReceipt(await readFile(file, 'utf8'), file);
  if (!isDeepStrictEqual(tiesOf(receipt), measuredFiles(manifest))) {
    throw invalid(file, 'it was measured on another build; measure again with "octavo receipt", or remove it');
  }
  return receipt;
}

export function receiptBytes(receipt: Receipt): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(receiptSchema.parse(receipt), null, 2)}\n`);
}

/** Replaces the receipt of a model folder at once: a reader sees the old one or the new one. */
export async function writeReceipt(folder: string, receipt: Receipt): Promise<void> {
  const temporary = path.join(folder, `.${receiptName}.${randomUUID()}`);
  try {
    await writeFile(temporary, receiptBytes(receipt), { flag: 'wx' });
    await rename(temporary, path.join(folder, receiptName));
  } catch (error) {
    throw new OctavoError('invalid_config', `Cannot write ${receiptName} to ${folder}: ${(error as Error).message}.`);
  } finally {
    await rm(temporary, { force: true });
  }
}

export async function removeReceipt(folder: string): Promise<void> {
  await rm(path.join(folder, receiptName), { force: true });
}

function tiesOf({ graph, weights, encoder }: Receipt): ReturnType<typeof measuredFiles> {
  return { graph, weights, ...(encoder && { encoder }) };
}

function parseReceipt(text: string, file: string): Receipt {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(file, 'it is not JSON');
  }
  const result = receiptSchema.safeParse(withTask(value));
  if (!result.success) throw invalid(file, describeFaults(result.error));
  return result.data;
}

/** Receipts of the first form have no task: only models that generate text had one. */
function withTask(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !('task' in value) ? { ...value, task: 'generate' } : value;
}

function invalid(file: string, what: string): OctavoError {
  return new OctavoError('invalid_model', `Cannot use ${file}: ${what}.`);
}
