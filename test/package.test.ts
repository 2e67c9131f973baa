/** What is in the npm package: all that runs and explains itself, and nothing else. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
) as [{ files: { path: string }[] }];
const paths = packed.files.map(({ path }) => path);

it('holds what the commands read', () => {
  expect(paths).toEqual(
    expect.arrayContaining([
      'package.json',
      'dist/cli.js',
      'dist/models/decoder/worker.js',
      'dist/models/tokenizer/encode-worker.js',
      'models/concierge/manifest.json',
      'models/concierge/onnx/model_quantized.onnx_data',
      'models/moderator/manifest.json',
      'safety/default-rules.yaml',
      'calibration/default.txt',
      'openapi/openapi.json',
      'README.md',
      'LICENSE',
      'NOTICE',
      'docs/flow.svg',
    ]),
  );
});

it('holds nothing else', () => {
  const known =
    /^(dist\/.*\.(js|d\.ts)|models\/(concierge|moderator)\/.*|safety\/.*\.yaml|calibration\/default\.txt|openapi\/openapi\.json|docs\/.*\.(md|svg))$/;
  const loose = ['package.json', 'README.md', 'LICENSE', 'NOTICE'];
  expect(paths.filter((path) => !known.test(path) && !loose.includes(path))).toEqual([]);
});

it.runIf(process.platform !== 'win32')('is run by its name after each build', () => {
  expect(execFileSync('dist/cli.js', ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+/);
});
