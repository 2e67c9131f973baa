/** The OpenAPI document and the page to try it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Components } from './components.js';

/** Everything comes from this server; swagger-ui needs neither inline scripts nor outside assets. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The name, in the bar on top of the page. */
const logo = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40" viewBox="0 0 120 40">
  <text x="0" y="28" font-family="Georgia, serif" font-size="28" fill="#fff">Octavo</text>
</svg>`);

/** Collects the schemas of all routes registered after it. */
export function documentRoutes(app: FastifyInstance, components: Components): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Octavo',
        version: '1',
        description: 'An OpenAI-compatible API in front of INT8 ONNX models.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      // Either a key or none: the server decides by its configuration.
      security: [{ apiKey: [] }, {}],
    },
    transform: components.transform,
    transformObject: components.transformObject,
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    // There is one document, and the page shows its address: its own is relative, for proxies that add a prefix.
    uiHooks: {
      onRequest: (request, reply, next) => {
        if (request.routeOptions.url === '/docs/json') reply.redirect('../openapi.json');
        else next();
      },
    },
    staticCSP: contentSecurityPolicy,
    uiConfig: { tryItOutEnabled: true, displayRequestDuration: true, docExpansion: 'list' },
    theme: { title: 'Octavo API' },
    logo: { type: 'image/svg+xml', content: logo, href: '/docs' },
  });
  // Who opens the address that the server prints; the guards stand before it as before the page.
  app.get('/', { schema: { hide: true } as object }, async (_request, reply) => reply.redirect('/docs'));
  app.get('/openapi.json', { schema: { hide: true } as object }, async () => app.swagger());
}
