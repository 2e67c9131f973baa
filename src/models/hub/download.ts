/** Fetches one file: the rest of it when a part is there, until its hash is the one that the hub lists. */
import { OctavoError } from '../../errors.js';
import { type Answer, Interruption } from './http.js';
import type { HubClient } from './hub-client.js';
import { PartialFile } from './partial-file.js';
import type { HubFile } from './repository.js';

export interface Download {
  readonly file: HubFile;
  /** Where its content is, below the endpoint. */
  readonly from: string;
  /** Where it is written. */
  readonly to: string;
  /** Told the bytes of the file that are there. */
  readonly onBytes: (bytes: number) => void;
}

/** Throws `invalid_model` when the content is another, `hub_unavailable`, or the hub's refusal. */
export async function download(client: HubClient, { file, from, to, onBytes }: Download): Promise<void> {
  const partial = await PartialFile.open(to, file);
  try {
    // A part that was damaged on the disk shows only now; a file that came in one run is the hub's own.
    let isOwn = partial.bytes === 0;
    for (;;) {
      await client.retry((progress) =>
        fetchRest(client, { partial, file, from }, (bytes) => {
          if (bytes > 0) progress();
          onBytes(partial.bytes);
        }),
      );
      if (await partial.finish()) return;
      if (isOwn) break;
      await partial.restart();
      isOwn = true;
    }
    await partial.remove();
  } finally {
    await partial.close();
  }
  throw new OctavoError('invalid_model', describeMismatch(file));
}

interface Rest {
  readonly partial: PartialFile;
  readonly file: HubFile;
  readonly from: string;
}

/**
 * One attempt at what is missing. The bytes are those of a commit and are hashed, so no `If-Range` has to guard against
 * a file that changed: it would only compare tags of whichever server a redirect leads to.
 */
async function fetchRest(
  client: HubClient,
  { partial, file, from }: Rest,
  onBytes: (bytes: number) => void,
): Promise<void> {
  onBytes(0);
  if (partial.bytes === file.bytes) return;
  const start = partial.bytes;
  const answer = await client.get(from, start === 0 ? {} : { range: `bytes=${start}-` });
  // A server without ranges sends the whole file.
  if (start > 0 && !continues(answer, start)) await partial.restart();
  if (partial.bytes > 0 !== (answer.status === 206)) {
    answer.discard();
    throw new Interruption(`The hub does not send the rest of ${file.path}`);
  }
  for await (const chunk of answer.chunks()) {
    if (partial.bytes + chunk.length > file.bytes) {
      await partial.restart();
      throw new OctavoError('invalid_model', `${file.path} is longer than the ${file.bytes} bytes that the hub lists.`);
    }
    await partial.append(chunk);
    onBytes(chunk.length);
  }
  if (partial.bytes < file.bytes)
    throw new Interruption(`${file.path} ends after ${partial.bytes} of ${file.bytes} bytes`);
}

function continues({ status, headers }: Answer, start: number): boolean {
  return status === 206 && headers.get('content-range')?.startsWith(`bytes ${start}-`) === true;
}

function describeMismatch({ path, hash }: HubFile): string {
  const name = hash.algorithm === 'sha256' ? 'SHA-256' : 'git hash';
  return `${path} is not the file that the hub lists (its ${name} differs). It was removed.`;
}
