/** Tells a caller which parameters were left out, where the server ignores unknown ones. */
import type { FastifyReply } from 'fastify';

/** Sets the header `x-octavo-ignored-params`; does nothing when every parameter was known. */
export function listIgnored(reply: FastifyReply, names: readonly string[]): void {
  if (names.length > 0) reply.header('x-octavo-ignored-params', listForHeader(names));
}

/** Names that a caller chose, made safe for a header and bounded. */
function listForHeader(names: readonly string[]): string {
  return (
    names
      .slice(0, 32)
      // Through UTF-8, where half a surrogate pair becomes a replacement character.
      .map((name) => encodeURIComponent(Buffer.from(name.slice(0, 64)).toString()))
      .join(', ')
  );
}
