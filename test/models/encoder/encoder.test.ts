/** An encoder in its worker thread: real graphs, real padding, the same bits alone and in company. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Encoder } from '#octavo/models/encoder/encoder.js';
import { type LoadedModel, loadDecoder, loadModel } from '#octavo/models/load-model.js';
import type { Session, Tensor, TensorMap } from '#octavo/models/runtime/runtime.js';
import { Random } from '../../support/random.js';
import { buildTinyEncoder, tinyContext, tinyVocabulary, tinyWidth } from '../../support/tiny-encoder.js';

const options = { name: null, rows: 8, context: 4096, runtime: 'auto', device: 'auto', threads: 1 } as const;

describe('a graph that embeds', () => {
  let loaded: Extract<LoadedModel, { kind: 'encoder' }>;

  beforeAll(async () => {
    const model = await loadModel({ ...options, folder: await buildTinyEncoder({ task: 'embed' }) });
    if (model.kind !== 'encoder') throw new Error('it is an encoder');
    loaded = model;
  });

  afterAll(async () => {
    await loaded.close();
  });

  it('says what it is', () => {
    const { model, engine } = loaded;
    expect(model).toMatchObject({
      id: 'tiny-embed',
      contextLength: tinyContext,
      head: { task: 'embed', dimensions: tinyWidth },
    });
    expect(engine).toMatchObject({ rows: 8, capacity: tinyContext, width: tinyWidth });
    expect(model.runtime.rows).toBe(8);
  });

  it('gives each text one vector of length 1, the same bits alone and among others', async () => {
    const random = new Random(3);
    const texts = Array.from({ length: 8 }, () =>
      Array.from({ length: random.between(1, 32) }, () => random.below(tinyVocabulary.length)),
    );
    const together = await loaded.engine.step({ texts, length: 32 });
    expect(together.values).toHaveLength(8 * tinyWidth);
    // Not a view of the worker's memory, which is larger after other steps.
    expect(together.values.buffer.byteLength).toBe(8 * tinyWidth * 4);
    for (const [index, ids] of texts.entries()) {
      const alone = await loaded.engine.step({ texts: [ids], length: 32 });
      expect([...alone.values]).toEqual([...together.values.subarray(index * tinyWidth, (index + 1) * tinyWidth)]);
      expect(Math.hypot(...alone.values)).toBeCloseTo(1, 5);
    }
  });

  it('survives a step that the model cannot run', async () => {
    const impossible = { texts: [[tinyVocabulary.length * 2]], length: 16 };
    await expect(loaded.engine.step(impossible)).rejects.toMatchObject({ code: 'internal_error' });
    await loaded.engine.recover();
    expect((await loaded.engine.step({ texts: [[2, 5, 3]], length: 16 })).values).toHaveLength(tinyWidth);
  });
});

describe('loading', () => {
  it('a graph that classifies gives one number for each label', async () => {
    const folder = await buildTinyEncoder({ task: 'classify', labels: ['a', 'b', 'c'], scores: 'sigmoid' });
    const { model, engine, close } = await loadModel({ ...options, folder, context: 50 });
    expect(model).toMatchObject({
      contextLength: 50,
      head: { task: 'classify', labels: ['a', 'b', 'c'], scores: 'sigmoid' },
    });
    expect(engine).toMatchObject({ capacity: 50, width: 3 });
    await close();
  });

  it.each<[string, Parameters<typeof buildTinyEncoder>[0], string, RegExp]>([
    [
      'a model that tags',
      { task: 'tag' },
      'unsupported_model',
      /tiny-tag labels single tokens, which is not served yet/,
    ],
    [
      'one without dimensions',
      { task: 'embed', manifest: { dimensions: undefined } },
      'invalid_model',
      /"embed" but no dimensions/,
    ],
    [
      'one without labels',
      { task: 'classify', manifest: { labels: undefined } },
      'invalid_model',
      /"classify" but no labels/,
    ],
    [
      'a graph of another task',
      { task: 'classify', manifest: { task: 'embed', dimensions: 2 } },
      'invalid_model',
      /no output "sentence_embedding", only logits/,
    ],
  ])('refuses %s', async (_, encoder, code, message) => {
    const folder = await buildTinyEncoder(encoder);
    await expect(loadModel({ ...options, folder })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('refuses an encoder where text is to be generated', async () => {
    const folder = await buildTinyEncoder({ task: 'embed' });
    await expect(loadDecoder({ ...options, folder })).rejects.toThrow(
      /tiny-embed generates no text: its task is "embed"/,
    );
  });
});

describe('the inputs of a step', () => {
  const record = () => {
    const runs: { readonly inputs: Record<string, readonly number[]>; readonly outputs: readonly string[] }[] = [];
    const session: Session = {
      inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
      outputs: ['last_hidden_state', 'sentence_embedding'],
      optionalInputs: [],
      placement: [],
      device: null,
      run: async (inputs: TensorMap, outputs: TensorMap) => {
        const plain = Array.from(
          inputs,
          ([name, tensor]) => [name, Array.from((tensor as Tensor).data, Number)] as const,
        );
        runs.push({ inputs: Object.fromEntries(plain), outputs: [...outputs.keys()] });
      },
      close: async () => {},
    };
    return { session, runs };
  };

  it('are padded on the right, over what the last step left behind; only the vector is asked for', async () => {
    const { session, runs } = record();
    const encoder = new Encoder(session, { output: 'sentence_embedding', width: 2 });
    await encoder.step({
      texts: [
        [9, 9, 9, 9],
        [8, 8, 8, 8],
      ],
      length: 4,
    });
    await encoder.step({ texts: [[1, 2, 3], [4]], length: 4 });
    expect(runs[1]).toEqual({
      inputs: {
        input_ids: [1, 2, 3, 0, 4, 0, 0, 0],
        attention_mask: [1, 1, 1, 0, 1, 0, 0, 0],
        token_type_ids: [0, 0, 0, 0, 0, 0, 0, 0],
      },
      outputs: ['sentence_embedding'],
    });
  });

  it('are those that a step can fill', () => {
    const { session } = record();
    const other = { ...session, inputs: ['input_ids', 'pixel_values'] };
    const create = () => new Encoder(other, { output: 'sentence_embedding', width: 2 });
    expect(create).toThrow(/unknown input "pixel_values"/);
  });
});
