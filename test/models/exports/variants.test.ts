/** Which graph of a folder is served: the variant that was named, or the folder's own choice. */
import { cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolder } from '#octavo/models/open-folder.js';
import { embeddedModel } from '../../support/concierge.js';
import { copyExport } from '../../support/export-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';

const parent = temporaryFolder();
const graphFile = 'onnx/model.onnx';

/** A copy with the graph under these names. */
function withVariants(...names: readonly string[]): string {
  const folder = copyExport('llama-optimum', parent);
  const whole = join(folder, 'onnx/whole');
  renameSync(join(folder, graphFile), whole);
  for (const name of names) cpSync(whole, join(folder, `onnx/${name}.onnx`));
  return folder;
}

describe('the variant', () => {
  it.each([
    [['model', 'model_q4', 'model_quantized'], '', 'int8', 'model_quantized'],
    [['model', 'model_q4', 'model_quantized'], ':fp32', 'fp32', 'model'],
    [['model', 'model_q4', 'model_quantized'], ':q4', 'q4', 'model_q4'],
    [['model_int8', 'model_quantized'], ':int8', 'int8', 'model_int8'],
    [['model_int8', 'model_quantized'], ':q8', 'q8', 'model_quantized'],
    [['model', 'model_q4'], '', 'fp32', 'model'],
    [['model_q4'], '', 'q4', 'model_q4'],
  ])('of %j%s is %s', async (names, variant, precision, file) => {
    const folder = withVariants(...names);
    const opened = await openFolder(folder + variant);
    expect(opened).toMatchObject({
      name: `llama-optimum${variant}`,
      precision,
      graph: join(folder, `onnx/${file}.onnx`),
    });
  });

  it.each([
    [['model_q4', 'model_q4f16'], '', /several variants; choose with .*:<variant>, of q4, q4f16\.$/],
    [['model', 'model_q4'], ':fp16', /no variant "fp16": it has fp32, q4\.$/],
    [['model'], ':constructor', /no variant "constructor": it has fp32\.$/],
    [['decoder_model_merged'], '', /has fp32 as decoder_model_merged alone, with two branches: export it anew\.$/],
    [['encoder_model', 'decoder_model_merged'], '', /is an encoder-decoder: exports of these are not served/],
  ])('of %j%s is none', async (names, variant, message) => {
    await expect(openFolder(withVariants(...names) + variant)).rejects.toThrow(message);
  });

  it('of what Octavo built is the one that was built', async () => {
    expect(await openFolder(`${embeddedModel}:int8`)).toMatchObject({ name: 'concierge', precision: 'int8' });
    await expect(openFolder(`${embeddedModel}:q4`)).rejects.toThrow(/built by Octavo, in int8 alone: it has no "q4"/);
  });

  it('of a folder that onnxruntime-genai describes is its one graph, unless config.json describes others', async () => {
    const folder = copyExport('llama-genai', parent);
    await expect(openFolder(`${folder}:int8`)).rejects.toThrow(
      /no variant "int8": genai_config\.json names its one graph/,
    );
    cpSync(copyExport('llama-optimum', parent), folder, { recursive: true });
    expect((await openFolder(folder)).graph).toBe(join(folder, 'model.onnx'));
    expect((await openFolder(`${folder}:fp32`)).graph).toBe(join(folder, graphFile));
  });
});
