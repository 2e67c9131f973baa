/** `.octavo-pull.json`: where the files of a folder come from. */
import { z } from 'zod';
import type { HubFile } from './repository.js';

export const recordName = '.octavo-pull.json';

export const pullRecordSchema = z.object({
  /** `octavo` version that fetched the folder. */
  fetcher: z.string(),
  endpoint: z.string(),
  repository: z.string(),
  /** As it was asked for; `commit` is what it was. */
  revision: z.string(),
  commit: z.string(),
  variant: z.string().nullable(),
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.int().nonnegative(),
      /** SHA-256, or git's blob hash, as the hub lists the file. */
      hash: z.object({ algorithm: z.enum(['sha256', 'git-sha1']), hex: z.string() }),
    }),
  ),
});

export type PullRecord = z.infer<typeof pullRecordSchema>;

/** Of the files of `record`, those that are the same in `files`: what an earlier run may leave to a later one. */
export function sharedPaths(record: PullRecord, files: readonly HubFile[]): ReadonlySet<string> {
  const key = ({ path, hash }: Pick<HubFile, 'path' | 'hash'>) => `${hash.algorithm} ${hash.hex} ${path}`;
  const wanted = new Set(files.map(key));
  return new Set(record.files.filter((file) => wanted.has(key(file))).map(({ path }) => path));
}
