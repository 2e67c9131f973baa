/** Decoders that other tools exported: the tokens of transformers, alone and in company, in place where the graph allows it. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import type { GraphProto } from '#octavo/models/build/onnx/onnx_pb.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { type LoadedDecoder, loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { embeddedModel, golden } from '../../support/concierge.js';
import { copyExport, editGraph, exportFolder, exportPrompts } from '../../support/export-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { Random } from '../../support/random.js';
import { generateAlone } from '../../support/steps.js';

const rows = 6;
const options = { name: null, rows, context: 4096, runtime: 'auto', device: 'auto', threads: 2 } as const;

describe.each([
  ['llama-genai', /^$/],
  [
    'llama-optimum',
    /^The cache is not written in place \(other operators than GroupQueryAttention read it\): rows run one/,
  ],
  ['gpt2-combined', /^The cache is not written in place \(keys and values of a layer are one tensor\): rows run one/],
] as const)('%s', (name, remark) => {
  let loaded: LoadedDecoder;

  beforeAll(async () => {
    loaded = await loadDecoder({ ...options, folder: exportFolder(name), prefixCache: 1 });
  });

  afterAll(async () => {
    await loaded.close();
  });

  it('says what it is, and how it runs', () => {
    const { model, engine } = loaded;
    expect(model).toMatchObject({
      ...{ id: name, precision: 'fp32', contextLength: 128, endTokens: [258], receipt: null },
      architecture: name.split('-')[0],
    });
    expect(model.remarks.join()).toMatch(remark);
    // What grows is not cut into blocks.
    expect(engine.slots > 0).toBe(model.remarks.length === 0);
  });

  it('gives the tokens of transformers', async () => {
    for (const { ids, greedy: tokens } of exportPrompts(name)) {
      expect(await generateAlone(loaded.engine, ids, tokens.length)).toEqual(tokens);
    }
  });

  it('gives them in company too, in chunks, after neighbours left', async () => {
    const random = new Random(5);
    const prompts = exportPrompts(name);
    const requestOf = (prompt: readonly number[], maxTokens: number): GenerationRequest => ({
      ...{ prompt, maxTokens, sampling: greedy, tenant: '', stopStrings: [] },
    });
    const { alone, together, steps } = await keepCompany({
      engine: loaded.engine,
      scheduler: { chunkTokens: 16, prefillTokens: 64, maxWaste: 0.5, grouping: 'length', messageMs: 5 },
      requests: prompts.flatMap(({ ids, greedy: tokens }) => [ids, ids].map((one) => requestOf(one, tokens.length))),
      stranger: () =>
        requestOf(
          Array.from({ length: random.between(1, 60) }, () => random.below(300)),
          random.between(1, 30),
        ),
      random,
    });
    const expected = prompts.flatMap(({ greedy: tokens }) => [tokens, tokens].map((one) => `${one.join(' ')} `));
    expect(alone).toEqual(expected);
    expect(together).toEqual(expected);
    // The company was real.
    expect(Math.max(...steps.filter(({ kind }) => kind === 'decode').map((step) => step.rows))).toBeGreaterThan(3);
  });
});

describe('a graph that keeps the logits of the last positions', () => {
  it('is asked for all of them where padding may follow the last token', async () => {
    const folder = copyExport('llama-genai', temporaryFolder());
    editGraph(join(folder, 'model.onnx'), keepLast);
    const { engine, model, close } = await loadDecoder({ ...options, folder });
    expect(model.remarks).toEqual([]);
    const prompts = exportPrompts('llama-genai');
    const chunks = prompts.map(({ ids }) => ({ ids, past: 0, sampling: greedy }));
    const { tokens } = await engine.step({ moves: [], work: { kind: 'prefill', firstRow: 0, chunks } });
    expect(tokens).toEqual(prompts.map(({ greedy: [first] }) => [first]));
    await close();
  });

  /** As transformers slices: `hidden[:, -num_logits_to_keep:]`, of which 0 is all. */
  function keepLast({ node, input }: GraphProto): void {
    const head = node.at(-1)!;
    const [constant] = node.filter(({ opType }) => opType === 'Constant');
    const count = structuredClone(input[0]!);
    count.name = 'num_logits_to_keep';
    if (count.type?.value.case === 'tensorType') count.type.value.value.shape!.dim = [];
    input.push(count);
    const add = (opType: string, inputs: string[], output: string) => {
      const made = {
        ...structuredClone(head),
        name: output,
        opType,
        domain: '',
        input: inputs,
        output: [output],
        attribute: [],
      };
      node.splice(node.length - 1, 0, made);
      return output;
    };
    const one = constant!.output[0]!;
    const start = add('Neg', [add('Reshape', ['num_logits_to_keep', one], 'count')], 'start');
    const end = add('Shape', ['input_ids'], 'shape');
    const length = add('Slice', [end, one, add('Add', [one, one], 'two')], 'length');
    head.input[0] = add('Slice', [head.input[0]!, start, length, one], 'kept');
  }
});

describe('what Octavo built, without its manifest', () => {
  it('gives the same tokens as an export in the layout of transformers.js, in place', async () => {
    const folder = join(temporaryFolder(), 'unlisted');
    cpSync(embeddedModel, folder, { recursive: true });
    rmSync(join(folder, 'manifest.json'));
    const [built, found] = [
      await loadDecoder({ ...options, folder: embeddedModel }),
      await loadDecoder({ ...options, folder: `${folder}:int8` }),
    ];
    expect(found.model).toMatchObject({ id: 'unlisted:int8', architecture: 'llama', precision: 'int8', remarks: [] });
    const { contextLength, endTokens, defaults } = built.model;
    expect(found.model).toMatchObject({ contextLength, endTokens, defaults });
    for (const { prompt_ids: ids } of golden.slice(0, 4)) {
      expect(await generateAlone(found.engine, ids, 24)).toEqual(await generateAlone(built.engine, ids, 24));
    }
    await built.close();
    await found.close();
  });
});

describe('the layout of Optimum', () => {
  it('has its graph at the top of the folder', async () => {
    const folder = join(temporaryFolder(), 'flat');
    cpSync(exportFolder('llama-optimum'), folder, { recursive: true });
    renameSync(join(folder, 'onnx/model.onnx'), join(folder, 'model.onnx'));
    const { engine, close } = await loadDecoder({ ...options, folder });
    const [{ ids, greedy: tokens }] = exportPrompts('llama-optimum') as [ReturnType<typeof exportPrompts>[0]];
    expect(await generateAlone(engine, ids, tokens.length)).toEqual(tokens);
    await close();
  });
});
