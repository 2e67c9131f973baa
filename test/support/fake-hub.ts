/** A hub on this machine: the three routes of a Hugging Face hub, with the failures that a test asks for. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const repository = 'tiny/model';
export const commit = '0123456789abcdef0123456789abcdef01234567';

export interface HubSettings {
  readonly files: ReadonlyMap<string, Buffer>;
  /** The size that the list has for large files, when it is not theirs. */
  readonly listedBytes?: number;
  /** Entries of a page of the list of files. */
  readonly pageSize?: number;
  /** Whether a range is honoured. */
  readonly ranges?: boolean;
  /** Redirects content to a server of another origin. */
  readonly storage?: boolean;
  /** Looks at every request first; true: it has answered. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** What is sent for a file, when it is not what is listed. */
  readonly content?: (path: string, bytes: Buffer) => Buffer;
  /** Bytes after which an answer is cut; `undefined`: never. Asked at each request for content. */
  readonly cutAfter?: (path: string) => number | undefined;
  /**
   * What happens there: the answer ends as if it were whole, so that all of it arrives (the default), the connection is
   * closed, or nothing more comes.
   */
  readonly cut?: 'end' | 'close' | 'stall';
}

export interface SeenRequest {
  /** `hub` or `storage`. */
  readonly at: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface FakeHub {
  readonly endpoint: string;
  readonly requests: readonly SeenRequest[];
}

/** Stops when the test file ends. */
export async function startHub(settings: HubSettings): Promise<FakeHub> {
  const requests: SeenRequest[] = [];
  const note = (at: string, { url = '', headers }: IncomingMessage) =>
    requests.push({ at, url, range: headers.range, authorization: headers.authorization });
  const storage = await listen((request, response) => {
    note('storage', request);
    sendContent(settings, { request, response, path: decodeURIComponent((request.url ?? '').slice(1)) });
  });
  const endpoint = await listen((request, response) => {
    note('hub', request);
    if (settings.before?.(request, response)) return;
    const url = new URL(request.url ?? '', 'http://hub');
    const [, path] = new RegExp(`^/${repository}/resolve/${commit}/(.+)$`).exec(url.pathname) ?? [];
    if (url.pathname === `/api/models/${repository}/revision/main`) sendJson(response, { id: repository, sha: commit });
    else if (url.pathname === `/api/models/${repository}/tree/${commit}`) sendTree(settings, url, response);
    else if (path === undefined) refuse(response, 404, 'RepoNotFound');
    else if (settings.storage) response.writeHead(302, { location: `${storage}/${path}` }).end();
    else sendContent(settings, { request, response, path: decodeURIComponent(path) });
  });
  return { endpoint, requests };
}

/** An error as the hub answers it. */
export function refuse(response: ServerResponse, status: number, code?: string): true {
  response.writeHead(status, code === undefined ? {} : { 'x-error-code': code }).end('{"error":"no"}');
  return true;
}

/** The files of a folder, by path. */
export function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)]));
}

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sendTree({ files, pageSize = 100, listedBytes }: HubSettings, url: URL, response: ServerResponse): void {
  const start = Number(url.searchParams.get('cursor') ?? 0);
  const entries = Array.from(files, ([path, bytes]) => toEntry(path, bytes, listedBytes));
  const next = start + pageSize;
  // A mirror passes on the links of the hub that it mirrors.
  const link = `<https://huggingface.co${url.pathname}?recursive=true&cursor=${next}>; rel="next"`;
  sendJson(response, entries.slice(start, next), next < entries.length ? { link } : {});
}

function toEntry(path: string, bytes: Buffer, listedBytes = bytes.length): object {
  const oid = gitHash(bytes);
  if (!/\.(safetensors|onnx|onnx_data)$/.test(path)) return { type: 'file', path, size: bytes.length, oid };
  const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size: listedBytes, pointerSize: 134 };
  return { type: 'file', path, size: bytes.length, oid: gitHash(Buffer.from('pointer')), lfs };
}

function gitHash(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
}

function sendContent(settings: HubSettings, { request, response, path }: Asked): void {
  const listed = settings.files.get(path);
  if (listed === undefined) return void refuse(response, 404, 'EntryNotFound');
  const bytes = settings.content?.(path, listed) ?? listed;
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const start = asked === undefined || settings.ranges === false ? 0 : Number(asked);
  const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  const cut = settings.cutAfter?.(path);
  const how = cut === undefined ? 'end' : (settings.cut ?? 'end');
  const length = how === 'end' ? {} : { 'content-length': bytes.length - start };
  response.writeHead(start > 0 ? 206 : 200, { ...length, ...(start > 0 ? range : {}) });
  const sent = bytes.subarray(start, cut === undefined ? undefined : start + cut);
  if (how === 'end') return void response.end(sent);
  response.write(sent, () => {
    if (how === 'close') setImmediate(() => response.destroy());
  });
}
