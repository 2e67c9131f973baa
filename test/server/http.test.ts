/** HTTP itself: content types, sizes, depth, methods, headers, and what is no HTTP at all. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import { FakeGenerator } from '../support/fake-generator.js';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer, listen } from '../support/fake-server.js';

test.each([
  'text/plain',
  'application/json\tx',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonx',
  'garbage',
])('content type %j is 415', async (type) => {
  const answer = await fakeServer().post('/v1/completions', { prompt: 'x' }, { 'content-type': type });
  expect(answer.statusCode).toBe(415);
  expect(answer.json().error.code).toBe('unsupported_content_type');
});

// CVE-2025-32442, CVE-2026-25223, CVE-2026-33806: a body that was parsed but not validated.
test.each([
  ' application/json',
  'application/json ;charset=utf-8',
  'application/json\t',
  'application/json; charset=utf-8',
  'Application/JSON',
  'application/json;',
])('content type %j leads past no validation', async (type) => {
  const server = fakeServer();
  const wrong = await server.post('/v1/completions', { prompt: 'x', n: 1e6 }, { 'content-type': type });
  expect([400, 415]).toContain(wrong.statusCode);
  expect(server.generator.requests).toEqual([]);
});

test.each([
  ['{', 'invalid_json'],
  ['', 'invalid_json'],
  ['{"prompt":"x"} x', 'invalid_json'],
  ['{"prompt":"x","__proto__":{"n":2}}', 'invalid_json'],
  ['{"prompt":"x","\\u005f_proto__":{"n":2}}', 'invalid_json'],
  [`${'['.repeat(100_000)}`, 'invalid_json'],
  [`{"prompt":${'['.repeat(64)}1${']'.repeat(64)}}`, 'invalid_json'],
])('body %.40s is 400 %s', async (body, code) => {
  const answer = await fakeServer().post('/v1/completions', body);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.code).toBe(code);
});

test('brackets inside strings are not depth', async () => {
  const answer = await fakeServer().complete({ prompt: 'x', user: `${'[{"\\'.repeat(80)}` });
  expect(answer.statusCode).toBe(200);
});

test('refuses bytes that are not UTF-8, and compressed bodies', async () => {
  const server = fakeServer();
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST' as const, url: '/v1/completions' };
  const latin = await server.app.inject({ ...request, headers, payload: Buffer.from('{"prompt":"\xe9"}', 'latin1') });
  expect(latin.statusCode).toBe(400);
  const payload = gzipSync('{"prompt":"x"}');
  const packed = await server.app.inject({ ...request, headers: { ...headers, 'content-encoding': 'gzip' }, payload });
  expect(packed.statusCode).toBe(415);
});

test('a body over the limit is 413, declared or chunked', async () => {
  const server = fakeServer({ limits: { bodyBytes: 1000 } });
  const declared = await server.complete({ prompt: 'x'.repeat(1000) });
  expect(declared.statusCode).toBe(413);
  expect(declared.json().error.code).toBe('body_too_large');
  const { port } = await listen(server);
  const socket = connect(port, '127.0.0.1');
  socket.write('POST /v1/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n');
  socket.write(`content-type: application/json\r\n\r\n${'6\r\n      \r\n'.repeat(200)}`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 413 [\s\S]*body_too_large/);
  socket.destroy();
});

test.each([
  ['GET', '/v1/completions', 'POST'],
  ['DELETE', '/v1/models/fake', 'GET, HEAD'],
  ['POST', '/health/live', 'GET, HEAD'],
  ['PUT', '/v1/chat/completions', 'POST'],
  ['OPTIONS', '/v1/models', 'GET, HEAD'],
])('%s %s is 405', async (method, url, allow) => {
  const answer = await fakeServer().app.inject({ method: method as 'GET', url });
  expect(answer.statusCode).toBe(405);
  expect(answer.headers.allow).toBe(allow);
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expect(answer.json().error.code).toBe('method_not_allowed');
});

test.each([
  '/v1/nothing',
  '/%',
  '/v1/models/%zz',
  `/v1/models/${'x'.repeat(300)}`,
  '//v1/models',
  '/v1/models/..%2f..',
])('GET %.30s is 404 in the usual shape', async (url) => {
  const answer = await fakeServer().app.inject({ url });
  expect(answer.statusCode).toBe(404);
  expect(answer.json().error.type).toBe('invalid_request_error');
  expect(answer.headers['x-request-id']).toEqual(expect.any(String));
});

test('answers with the request id of the caller if it is sane, and the time it took', async () => {
  const server = fakeServer();
  const sane = await server.post('/v1/completions', { prompt: 'x' }, { 'x-request-id': 'trace:1.a-b_c' });
  expect(sane.headers['x-request-id']).toBe('trace:1.a-b_c');
  expect(Number(sane.headers['openai-processing-ms'])).toBeGreaterThanOrEqual(0);
  for (const id of ['a b', 'x'.repeat(129), '\u001b[31m', '']) {
    const answer = await server.post('/v1/completions', { prompt: 'x' }, { 'x-request-id': id });
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f-]{36}$/);
  }
});

test.each([
  new Error('ENOENT: /srv/models/secret at Object.<anonymous>'),
  new OctavoError('internal_error', 'ONNX Runtime failed: secret'),
  new OctavoError('invalid_model', 'Cannot use /srv/models/secret: it is missing.'),
])('says 500 and an id, and nothing of the inside: $message', async (failure) => {
  const tokenizer = { ...fakeModel.tokenizer, encode: () => Promise.reject(failure) };
  const server = fakeServer();
  const broken = fakeServer({
    models: [{ kind: 'decoder', model: { ...fakeModel, tokenizer }, generator: server.generator }],
  });
  const answer = await broken.complete({});
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('secret');
  expect(answer.json().error.code).toBe('internal_error');
  expect(answer.json().error.message).toContain(answer.headers['x-request-id']);
});

test('draining and not ready are 503 for generations and for readiness, never for liveness', async () => {
  const draining = fakeServer({ draining: () => true });
  const broken = fakeServer({ ready: () => ({ ready: false, reason: 'the engine was lost' }) });
  for (const [server, code] of [
    [draining, 'draining'],
    [broken, 'not_ready'],
  ] as const) {
    for (const answer of [await server.complete({}), await server.chat({}), await server.app.inject('/health/ready')]) {
      expect(answer.statusCode).toBe(503);
      expect(answer.json().error.code).toBe(code);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await server.app.inject('/health/live')).json()).toEqual({ status: 'live' });
  }
  expect((await fakeServer().app.inject('/health/ready')).json()).toEqual({
    status: 'ready',
    replicas: [{ model: 'fake', replica: 0, device: 'cpu', ready: true }],
  });
});

test('one model whose engine is lost refuses its requests alone, and the server is not ready', async () => {
  const other = { ...fakeModel, id: 'other' };
  const models = [fakeModel, other].map(
    (model) => ({ kind: 'decoder', model, generator: new FakeGenerator() }) as const,
  );
  const ready = (model: string | null) => ({ ready: model === 'other', reason: 'the engine was lost' });
  const server = fakeServer({ models, ready });
  expect((await server.complete({})).statusCode).toBe(503);
  expect((await server.complete({ model: 'other' })).statusCode).toBe(200);
  expect((await server.app.inject('/health/ready')).statusCode).toBe(503);
});

test('bytes that are no HTTP, and headers without end, get an error in the usual shape', async () => {
  const server = fakeServer();
  const { port } = await listen(server);
  const send = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    const [answer] = await once(socket, 'data');
    return String(answer);
  };
  expect(await send('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"error":\{"message"/);
  expect(await send(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
});

test('closing does not wait for connections that never asked anything', async () => {
  const server = fakeServer();
  const { port } = await listen(server);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  // The server has seen it once it answers a later one.
  await (await fetch(`http://127.0.0.1:${port}/health/live`)).text();
  const closed = once(socket, 'close');
  socket.on('error', () => {});
  socket.resume();
  await server.app.close();
  await closed;
});
