/** One model of a hub at one commit: which commit a revision is, and what files it has. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import type { ContentHash } from './content-hash.js';
import { refuseHostilePath } from './file-path.js';
import type { HubClient } from './hub-client.js';
import type { ModelReference } from './model-reference.js';

export interface HubFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly hash: ContentHash;
}

const commitSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });

const entrySchema = z.object({
  type: z.string(),
  path: z.string().min(1).max(4096),
  size: z.int().nonnegative(),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  /** Of a file in large-file storage; `oid` is then the hash of a pointer to it. */
  lfs: z.object({ oid: z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/), size: z.int().nonnegative() }).nullish(),
});

const maxPages = 100;

/** The commit, 40 hex digits: a branch that moves while files are fetched must not mix them. */
export async function resolveCommit(client: HubClient, { repository, revision }: ModelReference): Promise<string> {
  const path = `api/models/${repository}/revision/${encodeURIComponent(revision)}`;
  return parse(commitSchema, (await client.readJson(path)).value).sha;
}

/** Throws `invalid_model` for an answer that is no list of files, or a list with paths that lead elsewhere. */
export async function listFiles(client: HubClient, repository: string, commit: string): Promise<HubFile[]> {
  const path = `api/models/${repository}/tree/${commit}`;
  const files: HubFile[] = [];
  let query: string | null = '?recursive=true';
  for (let page = 0; query !== null; page++) {
    if (page === maxPages) throw new OctavoError('invalid_model', `${repository} has too many files to list.`);
    const { value, headers } = await client.readJson(`${path}${query}`);
    for (const entry of parse(z.array(entrySchema), value)) {
      refuseHostilePath(entry.path);
      if (entry.type === 'file') files.push(toFile(entry));
    }
    query = nextQuery(headers.get('link'));
  }
  return files;
}

/** Where a file's content is, at a commit. */
export function contentPath(repository: string, commit: string, { path }: HubFile): string {
  return `${repository}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

function toFile({ path, size, oid, lfs }: z.infer<typeof entrySchema>): HubFile {
  if (!lfs) return { path, bytes: size, hash: { algorithm: 'git-sha1', hex: oid } };
  return { path, bytes: lfs.size, hash: { algorithm: 'sha256', hex: lfs.oid.replace('sha256:', '') } };
}

/** Only the query of `Link: <url>; rel="next"`: the next page is at the endpoint, whatever host a mirror passes on. */
function nextQuery(link: string | null): string | null {
  const url = /<[^>?]*(\?[^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
  return url ?? null;
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new OctavoError(
    'invalid_model',
    'The endpoint does not answer as a Hugging Face hub does; is its address right?',
  );
}
