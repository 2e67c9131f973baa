/** Who may call: API keys, compared by digest in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { OctavoError } from '../errors.js';

/** Checks an `Authorization` header; throws `invalid_api_key`. No keys: everything passes. */
export type KeyCheck = (authorization: string | undefined) => void;

export function createKeyCheck(keys: readonly string[]): KeyCheck {
  const digests = keys.map(digest);
  return (authorization) => {
    if (digests.length === 0) return;
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) {
      throw new OctavoError('invalid_api_key', 'An API key is required: send it as "Authorization: Bearer <key>".');
    }
    const candidate = digest(key);
    // Every key is compared, so the time taken does not tell which of them is close.
    const matches = digests.filter((known) => timingSafeEqual(known, candidate));
    if (matches.length === 0)
      throw new OctavoError('invalid_api_key', 'The API key is not one that this server knows.');
  };
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
