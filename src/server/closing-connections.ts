/** Lets a closing server end: connections without a running request do not hold it open. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Node closes the connections that are idle when closing begins. It waits for two other kinds: those that never sent
 * a request (browsers and fetch open spare ones), and those that fall idle later, for as long as keep-alive lasts.
 */
export function closeSpareConnections(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  let isClosing = false;
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', (request, response) => {
    unused.delete(request.socket);
    response.once('finish', () => {
      if (isClosing) request.socket.end();
    });
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const socket of unused) socket.destroy();
  });
}
