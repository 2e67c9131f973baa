/** INT8 on the CPU, a whole BERT. */
import { join } from 'node:path';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { temporaryFolder } from '../../support/folders.js';
import { describeEncoderInvariance } from './batch-invariance.js';

const root = temporaryFolder();

describeEncoderInvariance('a tiny BERT in int8', {
  device: 'auto',
  build: async () => {
    const out = join(root, 'bert');
    await buildRandomModel({ shape: 'tiny-bert', seed: 3, out, precision: 'int8' });
    return out;
  },
  texts: 64,
});
