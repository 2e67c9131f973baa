/** What labels mean: by moderation.json, or by their own names. */
import { describe, expect, test } from 'vitest';
import { readLabelMap } from '#octavo/safety/label-map.js';

const model = { id: 'toxic-bert', labels: ['toxic', 'hate', 'fine'] };

describe('a label map', () => {
  test('gives labels one category or several, or none, with thresholds', () => {
    const map = readLabelMap(
      { version: 1, labels: { toxic: ['harassment', 'rude'], hate: 'hate', fine: null }, thresholds: { hate: 0.7 } },
      model,
    );
    expect([...map.categories]).toEqual([
      ['toxic', ['harassment', 'rude']],
      ['hate', ['hate']],
    ]);
    expect([...map.thresholds]).toEqual([
      ['harassment', 0.5],
      ['rude', 0.5],
      ['hate', 0.7],
    ]);
  });

  test('without a file, labels that have the names of categories stand for them', () => {
    expect([...readLabelMap(null, model).categories]).toEqual([['hate', ['hate']]]);
    const own = { id: 'own', labels: ['self-harm', 'violence/graphic', 'spam'] };
    expect([...readLabelMap(null, own).thresholds.keys()]).toEqual(['self-harm', 'violence/graphic']);
  });

  test('of a guard, what its format says, but for what the file says otherwise', () => {
    const meanings = { S1: ['violence'], S10: ['hate'], S13: ['elections'] };
    const guard = { id: 'guard', labels: Object.keys(meanings), meanings };
    expect([...readLabelMap(null, guard).categories]).toEqual(Object.entries(meanings));
    const file = {
      version: 1,
      guard: 'any',
      labels: { S13: null, S1: ['violence', 'grim'] },
      thresholds: { hate: 0.9 },
    };
    const map = readLabelMap(file, guard);
    expect([...map.categories]).toEqual([
      ['S1', ['violence', 'grim']],
      ['S10', ['hate']],
    ]);
    expect([...map.thresholds]).toEqual([
      ['violence', 0.5],
      ['grim', 0.5],
      ['hate', 0.9],
    ]);
    expect(() => readLabelMap({ version: 1, labels: { S99: 'hate' } }, guard)).toThrow('the label "S99"');
  });

  test.each([
    ['a guard for a model that classifies', { version: 1, guard: 'llama-guard-3' }, model, 'the model classifies'],
    ['no labels', { version: 1 }, model, 'it has no labels'],
    ['no category at all', null, { id: 'm', labels: ['LABEL_0', 'LABEL_1'] }, 'it is missing'],
    ['a label that the model lacks', { version: 1, labels: { rude: 'hate' } }, model, 'the label "rude"'],
    ['a threshold of nothing', { version: 1, labels: { toxic: 'hate' }, thresholds: { spam: 0.5 } }, model, '"spam"'],
    [
      'a threshold over 1',
      { version: 1, labels: { toxic: 'hate' }, thresholds: { hate: 2 } },
      model,
      'thresholds.hate',
    ],
    ['an unknown field', { version: 1, labels: { toxic: 'hate' }, threshold: 1 }, model, 'threshold'],
    ['another version', { version: 2, labels: { toxic: 'hate' } }, model, 'version'],
    ['a category that is no word', { version: 1, labels: { toxic: 'Hate Speech' } }, model, 'labels.toxic'],
  ])('refuses %s, and tells the labels', (_, file, of, fault) => {
    const read = () => readLabelMap(file, of);
    expect(read).toThrow(fault);
    expect(read).toThrow(of.labels[0]);
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_model' }));
  });
});
