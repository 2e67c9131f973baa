/** Encoders on the WebGPU provider: the same bits in any company, and the vectors and scores of the CPU. */
import { expect, it } from 'vitest';
import { exportFolder } from '../../support/export-fixtures.js';
import { Random } from '../../support/random.js';
import { useSoftwareGpu } from '../../support/software-gpu.js';
import { describeEncoderInvariance, openEncoder } from './batch-invariance.js';

useSoftwareGpu();

for (const name of ['bert-optimum', 'bert-classify-optimum'] as const) {
  describeEncoderInvariance(name, { device: 'webgpu', build: async () => exportFolder(name), texts: 24 });

  it(`gives the vectors and scores of ${name} as on the CPU`, async () => {
    const [cpu, gpu] = [await openEncoder(exportFolder(name), 'cpu'), await openEncoder(exportFolder(name), 'webgpu')];
    expect(gpu.model.runtime.provider).toBe('webgpu');
    const random = new Random(5);
    const vocab = cpu.model.tokenizer.vocabSize;
    const texts = [3, 9, 16].map((length) => Array.from({ length }, () => random.below(vocab)));
    const expected = await cpu.engine.step({ texts, length: 16 });
    const { values } = await gpu.engine.step({ texts, length: 16 });
    expect(values).toHaveLength(texts.length * cpu.engine.width);
    const errors = expected.values.map((value, index) => Math.abs(value - values[index]!));
    expect(Math.max(...errors)).toBeLessThan(1e-4);
    await cpu.close();
    await gpu.close();
  });
}

it('cannot run a build whose attention looks both ways, and says so', async () => {
  const opening = openEncoder('models/moderator', 'webgpu');
  await expect(opening).rejects.toThrow(
    'This encoder does not run on WebGPU, where attention cannot look both ways; --device cpu runs it.',
  );
});
