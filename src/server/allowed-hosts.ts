/** The guard against DNS rebinding: a web page must not reach a local server under a name of its own. */
import { OctavoError } from '../errors.js';

interface CallerHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/** Throws `forbidden` unless the `Host` name, and the `Origin` if there is one, are among the allowed. */
export type HostCheck = (headers: CallerHeaders) => void;

export function createHostCheck(allowed: readonly string[] | null): HostCheck {
  if (allowed === null) return () => {};
  const names = new Set(allowed.map((name) => name.toLowerCase().replace(/^\[|\]$/g, '')));
  return ({ host, origin }) => {
    if (!names.has(hostName(`http://${host ?? ''}`))) {
      throw new OctavoError('forbidden', 'This server does not answer under the host name of the request.');
    }
    if (origin !== undefined && !names.has(hostName(origin))) {
      throw new OctavoError('forbidden', 'This server does not answer pages of this origin.');
    }
  };
}

/** The name without port and brackets, in lower case; empty when the URL makes no sense. */
function hostName(url: string): string {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return '';
  }
}
