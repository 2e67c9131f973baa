/** Building whole folders: the same bytes each time, nothing half-written, and what each file becomes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type BuildProgress, buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import { ModelProtoSchema } from '#octavo/models/build/onnx/onnx_pb.js';
import { shapeNames } from '#octavo/models/build/source/random-source.js';
import { manifestSchema } from '#octavo/models/manifest.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';
import { type TinyConfig, tinyLlama, tinyTensors, writeCheckpoint } from '../../support/tiny-checkpoint.js';

const root = temporaryFolder();
const source = writeCheckpoint(join(root, 'My tiny model!'), tinyLlama, tinyTensors(tinyLlama));

function checkpoint(name: string, config: TinyConfig = tinyLlama): string {
  return writeCheckpoint(join(root, name), config, tinyTensors(config));
}

describe('a build', () => {
  it('gives the same bytes for the same input', async () => {
    const first = await buildModel({ source, out: join(root, 'first'), precision: 'int8' });
    const second = await buildModel({ source, out: join(root, 'second'), precision: 'int8' });
    expect(second).toEqual(first);
    expect(first.files.map((file) => file.path)).toEqual([
      ...['config.json', 'generation_config.json', 'onnx/model_quantized.onnx', 'onnx/model_quantized.onnx_data'],
      ...['tokenizer.json', 'tokenizer_config.json'],
    ]);
    const written = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'first/manifest.json'), 'utf8')));
    expect(written).toEqual(first);
    expect(written).toMatchObject({ name: 'My-tiny-model-', architecture: 'llama', endTokens: [2] });
  });

  it('gives the same numbers for shards and for one file', async () => {
    const shards = writeCheckpoint(join(root, 'shards'), tinyLlama, tinyTensors(tinyLlama), 3);
    const whole = await buildModel({ source, out: join(root, 'of-one'), precision: 'fp32' });
    const parts = await buildModel({ source: shards, out: join(root, 'of-three'), precision: 'fp32' });
    expect(parts.files).toEqual(whole.files);
  });

  it('reports its progress in bytes up to the end', async () => {
    const seen: BuildProgress[] = [];
    await buildModel({ source, out: join(root, 'progress'), precision: 'int8' }, (progress) => seen.push(progress));
    const last = seen.at(-1);
    expect(last?.done).toBe(last?.total);
    expect(seen.every((progress, i) => i === 0 || progress.done > seen[i - 1]!.done)).toBe(true);
  });

  it('starts each large tensor at a page', async () => {
    await buildModel({ source, out: join(root, 'pages'), precision: 'int8' });
    const model = fromBinary(ModelProtoSchema, readFileSync(join(root, 'pages/onnx/model_quantized.onnx')));
    const external = model.graph?.initializer.flatMap((tensor) => tensor.externalData) ?? [];
    const offsets = external.filter(({ key }) => key === 'offset').map(({ value }) => Number(value));
    expect(offsets.length).toBeGreaterThan(10);
    expect(offsets.filter((offset) => offset % 4096 !== 0)).toEqual([]);
  });

  it('carries tokenizer, template and card over, and tells transformers.js how to load', async () => {
    const path = checkpoint('extras');
    writeFileSync(join(path, 'README.md'), '# card');
    writeFileSync(join(path, 'chat_template.jinja'), '{{ messages }}');
    writeFileSync(join(path, 'generation_config.json'), '{"eos_token_id":[5,6],"top_p":0.9}');
    const out = join(root, 'extras-built');
    const manifest = await buildModel({ source: path, out, precision: 'int8', name: 'tiny' });
    expect(readFileSync(join(out, 'MODEL_CARD.md'), 'utf8')).toBe('# card');
    expect(readFileSync(join(out, 'chat_template.jinja'), 'utf8')).toBe('{{ messages }}');
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toEqual({
      ...tinyLlama,
      'transformers.js_config': { use_external_data_format: true, dtype: 'q8' },
    });
    expect(manifest).toMatchObject({ name: 'tiny', endTokens: [5, 6] });
  });
});

describe('a failed build', () => {
  async function refused(options: { source: string; name?: string }, message: RegExp) {
    const parent = temporaryFolder();
    const build = buildModel({ ...options, out: join(parent, 'model'), precision: 'int8' });
    await expect(build).rejects.toMatchObject({ name: 'OctavoError', message: expect.stringMatching(message) });
    expect(readdirSync(parent)).toEqual([]);
  }

  it('leaves nothing behind when a weight is not a number', async () => {
    const tensors = tinyTensors(tinyLlama);
    tensors['model.layers.1.mlp.down_proj.weight']!.values[7] = Number.NaN;
    const path = writeCheckpoint(join(root, 'nan'), tinyLlama, tensors);
    await refused({ source: path }, /model\.layers\.1\.mlp\.down_proj\.weight holds NaN/);
  });

  it('leaves nothing behind when the caller throws from onProgress', async () => {
    const parent = temporaryFolder();
    const build = buildModel({ source, out: join(parent, 'model'), precision: 'int8' }, () => {
      throw new Error('no more');
    });
    await expect(build).rejects.toThrow('no more');
    expect(readdirSync(parent)).toEqual([]);
  });

  it('keeps the folder it was to replace', async () => {
    const out = join(temporaryFolder(), 'model');
    await buildModel({ source, out, precision: 'int8' });
    const before = readFileSync(join(out, 'manifest.json'), 'utf8');
    const { 'model.norm.weight': _, ...tensors } = tinyTensors(tinyLlama);
    const broken = writeCheckpoint(join(root, 'no-norm'), tinyLlama, tensors);
    await expect(buildModel({ source: broken, out, precision: 'int8', force: true })).rejects.toThrow(
      'no tensor model.norm.weight, shape [64]',
    );
    expect(readFileSync(join(out, 'manifest.json'), 'utf8')).toBe(before);
  });

  it('names what is wrong', async () => {
    await refused({ source: join(root, 'nowhere') }, /There is no folder .*nowhere .*expected a Hugging Face folder/);
    await refused({ source, name: '../x' }, /The name \.\.\/x/);
    const wrong = writeCheckpoint(join(root, 'wrong'), { ...tinyLlama, vocab_size: 97 }, tinyTensors(tinyLlama));
    await refused({ source: wrong }, /embed_tokens\.weight has shape \[96,64\]; config\.json asks for \[97,64\]/);
    await refused({ source: checkpoint('end', { ...tinyLlama, eos_token_id: 96 }) }, /eos_token_id .* below .* 96/);
    const folder = join(root, 'folder-as-file');
    mkdirSync(join(folder, 'config.json'), { recursive: true });
    writeFileSync(join(folder, 'model.safetensors'), '');
    await refused({ source: folder }, /config\.json is not a regular file/);
  });

  it('says that tokenizer.json is missing', async () => {
    const path = join(root, 'no-tokenizer');
    mkdirSync(path);
    writeFileSync(join(path, 'config.json'), JSON.stringify(tinyLlama));
    writeFileSync(join(path, 'model.safetensors'), '');
    await refused({ source: path }, /tokenizer\.json cannot be read/);
  });

  it('does not overwrite unless forced', async () => {
    const out = join(root, 'twice');
    await buildModel({ source, out, precision: 'int8' });
    await expect(buildModel({ source, out, precision: 'int8' })).rejects.toMatchObject({ code: 'invalid_config' });
    await buildModel({ source, out, precision: 'fp32', force: true });
    expect(existsSync(join(out, 'onnx/model_quantized.onnx'))).toBe(false);
  });
});

describe('a random model', () => {
  it.each(['tiny-llama', 'tiny-qwen2', 'stories260k'])(
    '%s computes finite logits that differ by token',
    async (shape) => {
      const out = join(root, shape);
      const manifest = await buildRandomModel({ shape, seed: 7, out, precision: 'int8' });
      expect(manifest.name).toBe(`${shape}-random`);
      const decoder = await OnnxDecoder.open(out, { keep: 0 });
      const { logits, dims } = await decoder.run({ rows: [[1, 2, 3]] });
      expect(dims).toEqual([1, 3, manifest.shape.vocab]);
      const deviation = Math.sqrt(logits.reduce((sum, value) => sum + value * value, 0) / logits.length);
      expect(deviation).toBeGreaterThan(0.5);
      expect(deviation).toBeLessThan(2);
    },
  );

  it('depends on nothing but its shape and seed', async () => {
    const build = async (seed: number, out: string) =>
      (await buildRandomModel({ shape: 'tiny-llama', seed, out: join(root, out), precision: 'int8' })).files;
    const first = await build(1, 'seed-1');
    expect(await build(1, 'seed-1-again')).toEqual(first);
    expect(await build(2, 'seed-2')).not.toEqual(first);
  });

  it('has one of the known shapes', async () => {
    const build = buildRandomModel({ shape: 'toString', seed: 1, out: join(root, 'unknown'), precision: 'int8' });
    await expect(build).rejects.toThrow(`there are: ${shapeNames.join(', ')}`);
  });
});
