/** The ranges of T5's relative positions, against transformers at every distance. */
import { expect, test } from 'vitest';
import { relativeBucket } from '#octavo/models/build/graph/relative-bias.js';
import { readFixture } from '../../../support/encoder-decoder-fixtures.js';

interface Setting {
  readonly buckets: number;
  readonly maxDistance: number;
  readonly bidirectional: boolean;
  /** Of the distances from -2 to 2 times the largest. */
  readonly values: readonly number[];
}

const settings = readFixture<readonly Setting[]>('relative-buckets.json');

test.each(settings.map((setting) => [setting.buckets, setting.maxDistance, setting.bidirectional, setting] as const))(
  '%i buckets up to distance %i, bidirectional %s',
  (_buckets, maxDistance, _bidirectional, setting) => {
    const actual = setting.values.map((_, i) => relativeBucket(i - 2 * maxDistance, setting));
    expect(actual).toEqual(setting.values);
  },
);
