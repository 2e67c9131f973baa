/** Where the server listens: how this machine opens it, who else can reach it, under which names. */
import type { AddressInfo } from 'node:net';

/** The addresses that stand for all of a machine's, and how it reaches itself there. */
const loopbackOf: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

export interface ListeningAddress {
  /** Where this machine can open it: the addresses that stand for all others are none to go to. */
  readonly url: string;
  /** `all`: on every address of this machine; `loopback`: only this machine reaches it. */
  readonly reach: 'all' | 'loopback' | 'one';
}

export function describeAddress({ address, family, port }: AddressInfo): ListeningAddress {
  const own = loopbackOf.get(address);
  const url = `http://${family === 'IPv6' ? `[${own ?? address}]` : (own ?? address)}:${port}`;
  if (own !== undefined) return { url, reach: 'all' };
  return { url, reach: address === '::1' || /^(::ffff:)?127\./.test(address) ? 'loopback' : 'one' };
}

/** On a loopback address only loopback names are let in, so that no web page can reach the server by a name of its own. */
export function chooseHosts(host: string, allowedHosts: readonly string[]): readonly string[] | null {
  if (allowedHosts.includes('*')) return null;
  if (allowedHosts.length > 0) return allowedHosts;
  return ['127.0.0.1', '::1', 'localhost'].includes(host) ? ['localhost', '127.0.0.1', '[::1]'] : null;
}
