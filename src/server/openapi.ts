/** The OpenAPI document of a server with default limits, as it is committed in `openapi/openapi.json`. */
import { unfiltered } from '../safety/filter.js';
import { defaultLimits } from './limits.js';
import { Metrics } from './metrics.js';
import { createServer } from './server.js';

/** The document as text, for a file. */
export async function openApiText(): Promise<string> {
  const app = createServer({
    models: [],
    // No request is answered, so nothing is screened.
    safety: unfiltered,
    limits: defaultLimits,
    unknownParams: 'refuse',
    apiKeys: [],
    allowedHosts: null,
    logPrompts: false,
    contentFilterResults: false,
    valueModel: null,
    timings: false,
    logger: false,
    metrics: new Metrics(),
    replicaHealth: () => [],
    ready: () => ({ ready: false, reason: 'it only describes itself' }),
    draining: () => false,
  });
  await app.ready();
  const text = JSON.stringify(app.swagger(), null, 2);
  await app.close();
  return `${text}\n`;
}
