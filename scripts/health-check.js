/** Asks a server on this machine whether it is ready: for container health checks. Exit code 0 or 1. */
import { get } from 'node:http';

const { PORT, OCTAVO_API_KEYS } = process.env;
const key = OCTAVO_API_KEYS?.split(',')[0]?.trim();

get({
  host: '127.0.0.1',
  port: PORT || 8080,
  path: '/health/ready',
  headers: key ? { authorization: `Bearer ${key}` } : {},
  timeout: 2000,
})
  // Below 500 the server answers: 401 and 403 mean that its keys or host names come from a file.
  .on('response', ({ statusCode }) => process.exit(statusCode < 500 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
