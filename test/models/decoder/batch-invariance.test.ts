/** INT8 on the CPU, on the real model. */
import path from 'node:path';
import { buildWithInt8Cache, embeddedModel } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { describeInvariance } from './batch-invariance.js';

const root = temporaryFolder();
const setting = { device: 'auto', rows: 12, context: 512, chunkTokens: 64, longest: 300, mostTokens: 48 } as const;

describeInvariance('the embedded model', {
  ...setting,
  build: async () => embeddedModel,
  sequences: [48, 12],
  budgets: 3,
});

describeInvariance('the embedded model with its cache in int8', {
  ...setting,
  build: () => buildWithInt8Cache(path.join(root, 'int8-cache')),
  sequences: [36, 8],
  budgets: 3,
});
