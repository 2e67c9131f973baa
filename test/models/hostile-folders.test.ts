/** Model folders made to harm: built from or served, they are refused with a clear error, in bounded time and memory. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { loadDecoder, loadModel } from '#octavo/models/load-model.js';
import type { LoadOptions } from '#octavo/models/load-options.js';
import type { Manifest } from '#octavo/models/manifest.js';
import { exportFolder } from '../support/export-fixtures.js';
import { temporaryFolder } from '../support/folders.js';
import { node, onnxFile, tensor } from '../support/onnx-wire.js';
import { rawSafetensors } from '../support/safetensors.js';
import { writeByteCheckpoint } from '../support/tiny-checkpoint.js';

const parent = temporaryFolder();
const checkpoint = join(parent, 'checkpoint');
const built = join(parent, 'built');
const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;

beforeAll(async () => {
  writeByteCheckpoint(checkpoint);
  await buildModel({ source: checkpoint, out: built, precision: 'int8' });
});

afterAll(() => {
  // Kilobytes: none of what follows takes more than the process and what a template makes in its second.
  expect(process.resourceUsage().maxRSS).toBeLessThan(2 ** 20);
});

type Damage = (folder: string) => void;

const write =
  (name: string, content: string | Uint8Array): Damage =>
  (folder) =>
    writeFileSync(join(folder, name), content);

const replace =
  (name: string, put: (path: string) => void): Damage =>
  (folder) => {
    rmSync(join(folder, name), { recursive: true });
    put(join(folder, name));
  };

const pipe = (path: string) => execFileSync('mkfifo', [path]);

/** A tensor of 8 floats, said to lie at `offsets`. */
const place = (offsets: readonly number[], shape: readonly number[] = [8]) => ({
  dtype: 'F32',
  shape,
  data_offsets: offsets,
});
const header = (entries: object, bytes = 32) =>
  write('model.safetensors', rawSafetensors(JSON.stringify(entries), new Uint8Array(bytes)));

const config = (changes: object): Damage => edit('config.json', changes);

function edit(name: string, changes: object): Damage {
  return (folder) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }));
  };
}

/** Weights of the checkpoint with the last float replaced. */
const lastFloat =
  (value: number): Damage =>
  (folder) => {
    const path = join(folder, 'model.safetensors');
    const bytes = readFileSync(path);
    bytes.writeFloatLE(value, bytes.length - 4);
    writeFileSync(path, bytes);
  };

describe('a build refuses', () => {
  it.each<[string, Damage, RegExp]>([
    ['a config nested 100,000 deep', write('config.json', deep), /nested deeper than 64/],
    ['a tokenizer nested 100,000 deep', write('tokenizer.json', deep), /nested deeper than 64/],
    ['an empty config', write('config.json', ''), /config\.json is not valid JSON/],
    ['a config that is a pipe', replace('config.json', pipe), /config\.json is not a regular file/],
    ['weights that are a pipe', replace('model.safetensors', pipe), /not a regular file/],
    [
      'weights that are a device',
      replace('model.safetensors', (path) => symlinkSync('/dev/zero', path)),
      /not a regular file/,
    ],
    ['weights that are empty', write('model.safetensors', ''), /truncated: it has no header/],
    ['a truncated file', (folder) => truncateSync(join(folder, 'model.safetensors'), 20_000), /truncated/],
    ['bytes that no tensor owns', header({ a: place([0, 32]) }, 40), /bytes that no tensor owns/],
    [
      'a header of 2^63 bytes',
      write('model.safetensors', rawSafetensors('{}', new Uint8Array(), 1n << 63n)),
      /header says/,
    ],
    [
      'a header nested 100,000 deep',
      write('model.safetensors', rawSafetensors(deep, new Uint8Array())),
      /deeper than 64/,
    ],
    ['overlapping tensors', header({ a: place([0, 32]), b: place([16, 48]) }, 48), /overlaps another/],
    ['tensors beyond the file', header({ a: place([0, 32]), b: place([32, 64]) }), /truncated/],
    ['offsets that run backwards', header({ a: place([32, 0]) }), /needs 32 bytes, its offsets span -32/],
    ['an absurd shape', header({ a: place([0, 32], [2 ** 40, 2 ** 40]) }), /needs \S+ bytes/],
    ['a negative shape', header({ a: place([0, 32], [-8]) }), /must be \{ dtype/],
    ['NaN', lastFloat(Number.NaN), /NaN or infinity/],
    ['infinity', lastFloat(Number.POSITIVE_INFINITY), /NaN or infinity/],
    ['a hidden size of 10^18', config({ hidden_size: 1e18 }), /hidden_size/],
    ['a number beyond all numbers', write('config.json', '{"model_type":"llama","hidden_size":1e999}'), /hidden_size/],
    ['a million layers', config({ num_hidden_layers: 1_000_000 }), /num_hidden_layers/],
  ])('%s', async (_, damage, fault) => {
    const folder = copy(checkpoint);
    damage(folder);
    const out = join(folder, 'out');
    await expect(buildModel({ source: folder, out, precision: 'int8' })).rejects.toMatchObject({
      code: expect.stringMatching(/^(invalid|unsupported)_model$/),
      message: expect.stringMatching(fault),
    });
  });

  it.each(['../model.safetensors', '/etc/passwd', 'a/b.safetensors', '..'])(
    'an index that leads to %s',
    async (shard) => {
      const folder = copy(checkpoint);
      rmSync(join(folder, 'model.safetensors'));
      writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { w: shard } }));
      const options = { source: folder, out: join(folder, 'out'), precision: 'int8' } as const;
      await expect(buildModel(options)).rejects.toThrow(/must map each tensor to a file name/);
    },
  );
});

const elsewhere = (location: string) => onnxFile({ tensors: [tensor({ dims: [2n], external: { location } })] });

/** Changes what genai_config.json says of the model. */
const genai =
  (changes: object): Damage =>
  (folder) => {
    const path = join(folder, 'genai_config.json');
    const { model } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ model: { ...model, ...changes } }));
  };

describe('the server refuses', () => {
  const bomb = (template: string) => edit('tokenizer_config.json', { chat_template: template });
  const id = (value: number) => ({ added_tokens: [{ id: value, content: '<x>', special: true }] });

  /** Sealed anew after the damage: what a manifest says of hashes proves nothing of who wrote it. */
  it.each<[string, Damage, RegExp]>([
    [
      'a graph that reads /etc/passwd',
      write('onnx/model_quantized.onnx', elsewhere('/etc/passwd')),
      /no plain relative path/,
    ],
    [
      'a graph that leaves the folder',
      write('onnx/model_quantized.onnx', elsewhere('../../w')),
      /no plain relative path/,
    ],
    ['a graph with a file not listed', write('onnx/model_quantized.onnx', elsewhere('w')), /manifest does not list it/],
    ['a graph that is none', write('onnx/model_quantized.onnx', 'graph'), /model_quantized\.onnx: it is/],
    ['an empty graph', write('onnx/model_quantized.onnx', ''), /it has no graph/],
    ['a tokenizer nested 100,000 deep', write('tokenizer.json', deep), /nested deeper than 64/],
    ['token ids beyond all tables', edit('tokenizer.json', id(4e9)), /tokenizer\.json cannot be used/],
    ['a template config nested 100,000 deep', write('tokenizer_config.json', deep), /nested deeper than 64/],
    [
      'a template that loops for ever',
      bomb('{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}'),
      /chat template cannot be used: it is not done after 1000 ms/,
    ],
    [
      'a template that makes a list of billions',
      bomb('{% for a in range(4000000000) %}{% endfor %}'),
      /chat template cannot be used: it makes a list of 4000000000 numbers, at most 100000/,
    ],
    [
      'a template that writes gigabytes',
      bomb(
        "{% set n = namespace(s='xxxxxxxx') %}{% for a in range(24) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s }}",
      ),
      /writes more than 16777216 characters/,
    ],
    ['a template of two million signs', bomb('x'.repeat(2_000_000)), /has 2000000 characters, at most/],
    ['a template nested 100,000 deep', bomb(`{{ ${'('.repeat(100_000)} }}`), /does not parse/],
  ])('%s', async (_, damage, fault) => {
    const folder = copy(built);
    damage(folder);
    seal(folder);
    await expectRefusal(folder, fault);
  });

  it.each<[string, Damage, RegExp]>([
    ['a manifest that is a pipe', replace('manifest.json', pipe), /not a regular file/],
    ['a manifest nested 100,000 deep', write('manifest.json', deep), /nested deeper than 64/],
    ['a manifest of gigabytes', (folder) => truncateSync(join(folder, 'manifest.json'), 2 ** 32), /at most 1048576/],
    ['weights that are a pipe', replace('onnx/model_quantized.onnx_data', pipe), /not a plain file/],
    ['a context of 10^30', edit('manifest.json', { shape: { layers: 1, context: 1e30 } }), /context/],
  ])('%s', async (_, damage, fault) => {
    const folder = copy(built);
    damage(folder);
    await expectRefusal(folder, fault);
  });
});

describe('the server refuses of an export', () => {
  it.each<[string, Damage, RegExp]>([
    ['a graph that is a pipe', replace('model.onnx', pipe), /model\.onnx: it is not a plain file/],
    ['data that are a device', replace('model.onnx.data', (path) => symlinkSync('/dev/zero', path)), /symbolic link/],
    ['a configuration that is a pipe', replace('genai_config.json', pipe), /genai_config\.json: it is not a plain/],
    ['a configuration nested 100,000 deep', write('genai_config.json', deep), /nested deeper than 64/],
    ['a configuration of gigabytes', (folder) => truncateSync(join(folder, 'genai_config.json'), 2 ** 32), /at most/],
    ['a tokenizer nested 100,000 deep', write('tokenizer.json', deep), /nested deeper than 64/],
    ['a graph that reads /etc/passwd', write('model.onnx', elsewhere('/etc/passwd')), /no plain relative path/],
    ['a graph that leaves the folder', write('model.onnx', elsewhere('../../w')), /no plain relative path/],
    ['a graph of another engine', write('model.onnx', onnxFile({ nodes: [node('EPContext')] })), /runs compiled code/],
    [
      'a graph of other operators',
      write('model.onnx', onnxFile({ nodes: [node('Evil', { domain: 'my.ops' })] })),
      /my\.ops/,
    ],
    ['an empty graph', write('model.onnx', ''), /it has no graph/],
    ['a context of 10^30', genai({ context_length: 1e30 }), /context_length/],
    ['a vocabulary of 10^15', genai({ vocab_size: 1e15 }), /vocab_size/],
    ['heads of 10^9 dimensions', genai({ decoder: { filename: 'model.onnx', head_size: 1e9 } }), /head_size/],
    ['a graph outside', genai({ decoder: { filename: '../../model.onnx' } }), /must be the name of an \.onnx file/],
  ])('%s', async (_, damage, fault) => {
    const folder = copy(exportFolder('llama-genai'));
    damage(folder);
    await expectRefusal(folder, fault);
  });
});

describe('the server refuses of an encoder that was exported', () => {
  const outside = join(parent, 'outside');
  /** Moves a file or a folder away, and leaves a link to it. */
  const linked = (name: string): Damage =>
    replace(name, (path) => {
      symlinkSync(join(outside, name), path);
    });

  beforeAll(() => {
    cpSync(exportFolder('bert-optimum'), outside, { recursive: true });
  });

  it.each<[string, Damage, RegExp]>([
    ['a linked list of modules', linked('modules.json'), /modules\.json: it is a symbolic link/],
    ['a linked folder of a module', linked('1_Pooling'), /config\.json: its folder is a link that leads to/],
    ['a linked file of a module', linked('1_Pooling/config.json'), /config\.json: it is a symbolic link/],
    ['a module that is a pipe', replace('1_Pooling/config.json', pipe), /config\.json: it is not a plain file/],
    ['a linked length', linked('sentence_bert_config.json'), /sentence_bert_config\.json: it is a symbolic link/],
    ['a module without its file', replace('1_Pooling/config.json', () => {}), /1_Pooling\/config\.json is missing/],
  ])('%s', async (_, damage, fault) => {
    const folder = copy(exportFolder('bert-optimum'));
    damage(folder);
    await expectRefusal(folder, fault, loadModel);
  });
});

async function expectRefusal(
  folder: string,
  fault: RegExp,
  load: (options: LoadOptions) => Promise<unknown> = loadDecoder,
): Promise<void> {
  const options = { name: null, rows: 1, context: 32, runtime: 'auto', device: 'auto', threads: 1 } as const;
  await expect(load({ ...options, folder })).rejects.toMatchObject({
    code: expect.stringMatching(/^(invalid|unsupported)_model$/),
    message: expect.stringMatching(fault),
  });
}

function copy(folder: string): string {
  const target = mkdtempSync(join(parent, 'hostile-'));
  cpSync(folder, target, { recursive: true });
  return target;
}

function seal(folder: string): void {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const files = manifest.files.map((file) => {
    const bytes = readFileSync(join(folder, file.path));
    return { path: file.path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  writeFileSync(path, JSON.stringify({ ...manifest, files }));
}
