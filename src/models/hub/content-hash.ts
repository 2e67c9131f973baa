/** What proves that a file is the one that a hub lists: SHA-256 of a large file, git's blob hash of a small one. */
import { createHash, type Hash } from 'node:crypto';

export interface ContentHash {
  /** `git-sha1` is SHA-1 of `blob <bytes>\0` and the content, as git names its objects. */
  readonly algorithm: 'sha256' | 'git-sha1';
  /** Lower case. */
  readonly hex: string;
}

/** A running hash of a file that has `bytes` bytes in all. */
export function startHash({ algorithm }: ContentHash, bytes: number): Hash {
  return algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
}
