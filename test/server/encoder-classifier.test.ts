/** From texts to scores of categories: through the batcher, label by label, and whole however long they are. */
import { describe, expect, test } from 'vitest';
import { readLabelMap } from '#octavo/safety/label-map.js';
import { classifyBy } from '#octavo/server/encoder-classifier.js';
import { fakeClassifier, fakeEncoder } from '../support/fake-encoder.js';

/** Labels: bad, fine, good. A text's logit of "bad" is high where it has a "#". */
function classifier(file: object = { version: 1, labels: { bad: ['hate', 'harassment'], fine: 'mild' } }) {
  const { encoder, replica } = fakeEncoder(fakeClassifier);
  encoder.row = (ids) => [ids.includes(35) ? 10 : -10, 0, 0];
  const head = fakeClassifier.head;
  if (head.task !== 'classify') throw new Error('the fake classifies');
  const byLabels = classifyBy(replica, readLabelMap(file, { id: 'fake', labels: head.labels }));
  const classify = (texts: readonly string[], signal?: AbortSignal) => byLabels(texts, { direction: 'prompt', signal });
  return { classify, encoder };
}

describe('a model as a classifier', () => {
  test('several texts are one request, and labels become categories', async () => {
    const { classify, encoder } = classifier();
    const [clean, bad] = await classify(['well', '#']);
    expect(encoder.requests).toHaveLength(1);
    expect(clean?.get('hate')).toBeLessThan(0.001);
    expect(clean?.get('mild')).toBeCloseTo(0.5, 3);
    expect(bad?.get('hate')).toBeGreaterThan(0.99);
    expect(bad?.get('harassment')).toBe(bad?.get('hate'));
  });

  test('no part of a text goes unread: what is too long for the model is read in parts', async () => {
    const { classify, encoder } = classifier();
    const [long, longClean] = await classify([`${'a'.repeat(70)}#${'b'.repeat(30)}`, '😀'.repeat(40)]);
    expect(long?.get('hate')).toBeGreaterThan(0.99);
    expect(longClean?.get('hate')).toBeLessThan(0.001);
    const lengths = encoder.requests[0]!.texts.map(({ length }) => length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(fakeClassifier.contextLength);
    expect(lengths.reduce((sum, length) => sum + length - 2, 0)).toBe(141);
  });

  test('of labels with one category the highest counts', async () => {
    const { classify } = classifier({ version: 1, labels: { bad: 'hate', fine: 'hate' } });
    expect((await classify(['#']))[0]?.get('hate')).toBeGreaterThan(0.99);
    expect((await classify(['well']))[0]?.get('hate')).toBeCloseTo(0.5, 3);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a score that is %d is none: it fails', async (logit) => {
    const { classify, encoder } = classifier();
    encoder.row = () => [logit, 0, 0];
    await expect(classify(['a'])).rejects.toMatchObject({ code: 'engine_failed' });
  });

  test('ids that the model does not have do not reach it', async () => {
    const wide = { ...fakeClassifier.tokenizer, encode: async () => [60, 256, 62] };
    const { encoder, replica } = fakeEncoder({ ...fakeClassifier, tokenizer: wide });
    const classify = classifyBy(
      replica,
      readLabelMap({ version: 1, labels: { bad: 'hate' } }, { id: 'fake', labels: ['bad', 'fine', 'good'] }),
    );
    await expect(classify(['a'], { direction: 'prompt' })).rejects.toMatchObject({
      code: 'invalid_value',
      message: expect.stringContaining('256'),
    });
    expect(encoder.requests).toEqual([]);
  });

  test('no texts ask nothing, the signal goes along, and what the engine throws comes out', async () => {
    const { classify, encoder } = classifier();
    expect(await classify([])).toEqual([]);
    expect(encoder.requests).toEqual([]);
    const { signal } = new AbortController();
    await classify(['a'], signal);
    expect(encoder.requests[0]?.signal).toBe(signal);
    encoder.before = async () => {
      throw new Error('gone');
    };
    await expect(classify(['a'])).rejects.toThrow('gone');
  });
});
