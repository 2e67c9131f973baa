/** Fetches a model from a hub into a folder: one commit, every file hashed, whole or not at all, resumable. */
import { join } from 'node:path';
import { OctavoError } from '../../errors.js';
import { packageVersion } from '../package-version.js';
import type { OnProgress } from '../receipt/progress.js';
import { download } from './download.js';
import { chooseFiles } from './file-choice.js';
import { checkWrittenPaths } from './file-path.js';
import { HubClient, type HubOptions } from './hub-client.js';
import { formatReference, type ModelReference } from './model-reference.js';
import { PullFolder } from './pull-folder.js';
import type { PullRecord } from './pull-record.js';
import { contentPath, listFiles, resolveCommit } from './repository.js';

export interface PullOptions extends HubOptions {
  readonly reference: ModelReference;
  /** The folder to make. */
  readonly out: string;
  /** Bytes of all files at most. */
  readonly maxBytes: number;
}

/**
 * What was cut stays under a hidden name beside `out`, and the next run goes on from it. Throws `invalid_config`,
 * `invalid_model`, `model_not_found`, `forbidden`, `hub_unavailable`, or the reason of `signal`.
 */
export async function pullModel(options: PullOptions, onProgress: OnProgress = () => {}): Promise<PullRecord> {
  const client = new HubClient(options);
  const record = await readRecord(client, options);
  const total = sizeOf(record);
  if (total > options.maxBytes) {
    const message = `${formatReference(options.reference)} has ${gibibytes(total)}, --max-size allows ${gibibytes(options.maxBytes)}`;
    throw new OctavoError('invalid_config', `${message}.`);
  }
  const folder = await PullFolder.open(options.out, record);
  try {
    await checkDisk(folder, record);
    await fetchFiles(client, { record, folder }, onProgress);
    await folder.commit();
    return record;
  } catch (error) {
    const present = await folder.presentBytes(record);
    if (present === 0) await folder.discard();
    throw options.signal.aborted || isUnavailable(error) ? describeRest(error as Error, present, total) : error;
  } finally {
    await folder.close();
  }
}

/** What will be fetched. */
async function readRecord(client: HubClient, { endpoint, reference }: PullOptions): Promise<PullRecord> {
  const { repository, revision, variant } = reference;
  const commit = await resolveCommit(client, reference);
  const files = chooseFiles(await listFiles(client, repository, commit), reference);
  checkWrittenPaths(files.map(({ path }) => path));
  const fetcher = await packageVersion();
  return { fetcher, endpoint: endpoint.href, repository, revision, commit, variant, files };
}

async function fetchFiles(
  client: HubClient,
  { record, folder }: { readonly record: PullRecord; readonly folder: PullFolder },
  onProgress: OnProgress,
): Promise<void> {
  const total = sizeOf(record);
  let before = 0;
  for (const file of record.files) {
    const from = contentPath(record.repository, record.commit, file);
    const onBytes = (bytes: number) => onProgress({ done: before + bytes, total, what: file.path });
    await download(client, { file, from, to: join(folder.path, file.path), onBytes });
    before += file.bytes;
  }
}

async function checkDisk(folder: PullFolder, record: PullRecord): Promise<void> {
  const needed = sizeOf(record) - (await folder.presentBytes(record));
  const free = await folder.freeBytes();
  if (needed <= free) return;
  throw new OctavoError(
    'invalid_config',
    `${gibibytes(needed)} are to be fetched, the disk has ${gibibytes(free)} left.`,
  );
}

function isUnavailable(error: unknown): boolean {
  return error instanceof OctavoError && error.code === 'hub_unavailable';
}

function describeRest(error: Error, present: number, total: number): OctavoError {
  const code = error instanceof OctavoError ? error.code : 'hub_unavailable';
  if (present === 0) return new OctavoError(code, error.message, null, { cause: error });
  const kept = `${gibibytes(present)} of ${gibibytes(total)} are kept: the same command goes on from there.`;
  return new OctavoError(code, `${error.message} ${kept}`, null, { cause: error });
}

function sizeOf({ files }: PullRecord): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function gibibytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
