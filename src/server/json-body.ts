/** Reads a JSON request body: UTF-8 alone, bounded in depth before anything is built from it. */
import type { FastifyInstance } from 'fastify';
import { OctavoError } from '../errors.js';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Makes `application/json` the only content type that is read; Fastify answers all others with 415. */
export function acceptJsonOnly(app: FastifyInstance, maxDepth: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer, maxDepth));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Throws `invalid_json`: not UTF-8, not JSON, too deep, or with a `__proto__` key. */
export function parseJson(body: Uint8Array, maxDepth: number): unknown {
  const text = decode(body);
  if (text.trim() === '') throw new OctavoError('invalid_json', 'The request has no body; a JSON object is expected.');
  if (jsonDepth(text) > maxDepth) {
    throw new OctavoError(
      'invalid_json',
      `The JSON body is nested too deeply: at most ${maxDepth} levels are allowed.`,
    );
  }
  // A prototype can only be named in plain letters or with an escaped underscore; other bodies skip the slow reviver.
  const reviver = /__proto__|\\u005f/i.test(text) ? refusePrototype : undefined;
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    if (error instanceof OctavoError) throw error;
    throw new OctavoError('invalid_json', 'The request body is not valid JSON.', null, { cause: error });
  }
}

function decode(body: Uint8Array): string {
  try {
    return strictUtf8.decode(body);
  } catch (error) {
    throw new OctavoError('invalid_json', 'The request body is not valid UTF-8.', null, { cause: error });
  }
}

/** The deepest nesting of brackets outside strings, in one pass, whether or not the text is valid JSON. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new OctavoError('invalid_json', 'The key "__proto__" is not allowed in a request.');
  return value;
}
