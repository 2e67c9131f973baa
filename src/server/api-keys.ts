/** Who may call: API keys, compared by digest in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { OctavoError } from '../errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: the callers with one API key share what the server remembers of prompts. */
    tenant: string;
  }
}

/**
 * Checks an `Authorization` header and names the tenant whose key it is, without telling the key. Throws
 * `invalid_api_key`. No keys: everything passes, and all are one tenant, ''.
 */
export type KeyCheck = (authorization: string | undefined) => string;

export function createKeyCheck(keys: readonly string[]): KeyCheck {
  const digests = keys.map(digest);
  return (authorization) => {
    if (digests.length === 0) return '';
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) {
      throw new OctavoError('invalid_api_key', 'An API key is required: send it as "Authorization: Bearer <key>".');
    }
    const candidate = digest(key);
    // Every key is compared, so the time taken does not tell which of them is close.
    const matches = digests.filter((known) => timingSafeEqual(known, candidate));
    if (matches.length === 0)
      throw new OctavoError('invalid_api_key', 'The API key is not one that this server knows.');
    return candidate.toString('hex');
  };
}

/** The tenant whose key it is. */
export function tenantOf(key: string): string {
  return digest(key).toString('hex');
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
