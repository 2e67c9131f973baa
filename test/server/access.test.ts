/** API keys on every route, and the guard against foreign host names. */
import { expect, test } from 'vitest';
import { createHostCheck } from '#octavo/server/allowed-hosts.js';
import { fakeServer } from '../support/fake-server.js';

const keyed = () => fakeServer({ apiKeys: ['first-key', 'second-key'] });

test('every route of the table but liveness needs a key', async () => {
  const server = keyed();
  const urls: { method: string; url: string }[] = [];
  server.app.addHook('onRoute', ({ method, url }) => {
    urls.push(...[method].flat().map((one) => ({ method: one, url })));
  });
  await server.app.ready();
  expect(urls.length).toBeGreaterThan(20);
  for (const { method, url } of urls) {
    const answer = await server.app.inject({
      method: method as 'GET',
      url: url.replace(':model', 'fake').replace('*', 'x'),
    });
    if (url !== '/health/live') {
      expect(answer.statusCode, `${method} ${url}`).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    } else expect([200, 405]).toContain(answer.statusCode);
  }
});

test('unknown routes need a key, and malformed ones tell nothing', async () => {
  const server = keyed();
  for (const url of ['/', '/v1', '/v1/models/', '/v1/%2e%2e/models', '/health/live/', '/health/live/x']) {
    expect((await server.app.inject(url)).statusCode, url).toBe(401);
  }
  for (const url of ['/%', '/v1/models/%', '/%ff/v1/models']) {
    const answer = await server.app.inject(url);
    expect([401, 404], url).toContain(answer.statusCode);
    expect(answer.body).not.toContain('fake');
  }
});

test.each([undefined, '', 'first-key', 'Bearer', 'Bearer ', 'Bearer first-ke', 'Bearer first-key2', 'Basic first-key'])(
  'authorization %j is 401',
  async (authorization) => {
    const answer = await keyed().app.inject({
      url: '/v1/models',
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(answer.statusCode).toBe(401);
    expect(answer.json().error).toMatchObject({ type: 'authentication_error', code: 'invalid_api_key' });
  },
);

test.each(['Bearer first-key', 'bearer second-key'])('authorization %j passes', async (authorization) => {
  expect((await keyed().app.inject({ url: '/v1/models', headers: { authorization } })).statusCode).toBe(200);
});

const guarded = () => fakeServer({ allowedHosts: ['localhost', '127.0.0.1', '[::1]'] });

test.each(['localhost', 'LOCALHOST:8000', '127.0.0.1:8000', '[::1]:8000'])('host %s passes', async (host) => {
  expect((await guarded().app.inject({ url: '/v1/models', headers: { host } })).statusCode).toBe(200);
});

test.each(['evil.example', 'localhost.evil.example', 'localhost@evil.example', '127.0.0.2', '%'])(
  'host %j is 403',
  async (host) => {
    const answer = await guarded().app.inject({ url: '/v1/models', headers: { host } });
    expect(answer.statusCode).toBe(403);
    expect(answer.json().error).toMatchObject({ type: 'permission_error', code: 'forbidden' });
  },
);

test('a request without a host name is forbidden', () => {
  expect(() => createHostCheck(['localhost'])({})).toThrow('host name');
});

test.each([
  ['http://localhost:3000', 200],
  ['http://evil.example', 403],
  ['null', 403],
])('origin %s is %i', async (origin, status) => {
  const answer = await guarded().app.inject({ url: '/v1/models', headers: { host: 'localhost', origin } });
  expect(answer.statusCode).toBe(status);
});
