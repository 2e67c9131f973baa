/** INT8 on the CPU, on the real model. */
import { embeddedModel } from '../../support/concierge.js';
import { describeInvariance } from './batch-invariance.js';

describeInvariance('the embedded model', {
  device: 'auto',
  build: async () => embeddedModel,
  rows: 12,
  context: 512,
  chunkTokens: 64,
  longest: 300,
  mostTokens: 48,
  sequences: [48, 12],
  budgets: 3,
});
