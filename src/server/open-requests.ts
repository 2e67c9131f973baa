/** Counts the requests that are being answered. */
import type { Server } from 'node:http';

/** Returns how many there are now: whose answer has not ended, and whose caller has not left. */
export function countRequests(server: Server): () => number {
  let open = 0;
  server.on('request', (_request, response) => {
    open += 1;
    response.once('close', () => {
      open -= 1;
    });
  });
  return () => open;
}
