/** JSON from files of unknown origin: bounded in bytes and in depth before it is parsed. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { OctavoError } from '../../errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

const maxDepth = 64;

/** The file's text as an object. Throws `invalid_model` when it is absent, too large, too deep, or no JSON object. */
export async function readJsonObject(path: string, maxBytes: number): Promise<JsonObject> {
  return parseJsonObject(await readBounded(path, maxBytes), basename(path));
}

/** `what` names the text in error messages. Throws `invalid_model`. */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  checkDepth(bytes, what);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new OctavoError('invalid_model', `${what} is not valid JSON.`, null, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OctavoError('invalid_model', `${what} must hold a JSON object.`);
  }
  return value as JsonObject;
}

/** The bytes of a regular file. Throws `invalid_model` when it is absent, no regular file, or larger than `maxBytes`. */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  const what = basename(path);
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    // A pipe would be waited for.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new OctavoError('invalid_model', `${path} cannot be read; the model folder must have it.`, null, {
      cause: error,
    });
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new OctavoError('invalid_model', `${what} is not a regular file.`);
    if (stat.size > maxBytes) {
      throw new OctavoError('invalid_model', `${what} has ${stat.size} bytes; at most ${maxBytes} are allowed.`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** JSON.parse recurses: a deep text would exhaust the stack. Counts brackets outside strings. */
function checkDepth(bytes: Uint8Array, what: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) {
      inString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (depth > maxDepth) {
        throw new OctavoError('invalid_model', `${what} is nested deeper than ${maxDepth} levels.`);
      }
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
}
