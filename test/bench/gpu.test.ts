/** The parts of bench/gpu.sh that every figure goes through: who is measured on what, the table, and what is missing in it. */
import { describe, expect, test } from 'vitest';

const module = (name: string) => import(new URL(`../../bench/gpu/${name}.mjs`, import.meta.url).href);
const { contestantsOf } = await module('contestants');
const { groupsOf, sizesOf } = await module('plans');
const { formatProblems, formatTable } = await module('table');
const { runFor } = await module('limited-run');

const sizes = sizesOf({ shape: 'qwen2.5-0.5b', vocab: 151_936 });

describe('the contestants', () => {
  const webgpu = { device: 'webgpu', ortLibrary: null };
  const cuda = { device: 'cuda', ortLibrary: '/ort/libonnxruntime.so' };
  const python = { program: 'python3', device: 'cuda', dtype: 'bfloat16', libraries: ['/nvidia'] };
  const names = (of: object) =>
    contestantsOf({ root: '/pack', devices: [webgpu], packed: ['fp16'], python, ...of }).map(
      ({ name }: { name: string }) => name,
    );

  test('are each build on each device, and PyTorch in three forms, the slowest last', () => {
    expect(names({ devices: [webgpu, cuda], packed: ['fp16', 'int8-weight'] })).toEqual([
      'Octavo, float16, webgpu',
      'PyTorch, transformers generate, bfloat16',
      'PyTorch, static cache, CUDA graph, bfloat16',
      'Octavo, float16, cuda',
      'Octavo, 8-bit weights, float32, webgpu',
      'Octavo, 8-bit weights, float32, cuda',
      'PyTorch, static cache, torch.compile, bfloat16',
    ]);
  });

  test('say it where PyTorch has no GPU, or is not there', () => {
    expect(names({ python: { ...python, device: 'cpu', dtype: 'float32' } })).toContain(
      'PyTorch, static cache, float32 on the CPU',
    );
    const [, generate] = contestantsOf({ root: '/', devices: [webgpu], packed: ['fp16'], python: { problem: 'none' } });
    expect(generate).toMatchObject({ name: 'PyTorch, transformers generate', problem: 'none' });
  });
});

describe('the runs', () => {
  test('are all rows, each twice, and the most rows by themselves at the end', () => {
    const groups = groupsOf(sizes) as {
      rows: number;
      prompt: number;
      capacity: number;
      steps: number;
      stagger: number;
    }[][];
    expect(groups.map((plans) => plans.map(({ rows, prompt }) => `${rows} x ${prompt}`))).toEqual([
      ['1 x 128', '1 x 128', '8 x 128', '8 x 128', '32 x 128', '32 x 128'],
      ['1 x 1024', '1 x 1024'],
      ['128 x 128', '128 x 128'],
    ]);
  });

  test.each(['qwen2.5-0.5b', 'tiny-qwen2'])('of %s fit their rows', (shape) => {
    for (const plan of groupsOf(sizesOf({ shape, vocab: 320 })).flat()) {
      expect(plan.prompt + plan.steps + plan.stagger).toBeLessThanOrEqual(plan.capacity);
      expect(plan.vocab).toBe(320);
    }
  });
});

describe('the table', () => {
  const run = (decode: number | null, tokens?: number[]) => ({
    ...{ rows: 1, prompt: 128, decode, prefill: 5000, firstTokenMs: 20 },
    ...(tokens && { tokens }),
  });
  const octavo = {
    ...{ name: 'Octavo', weightBytes: 500e6, problems: ['not done after 100 s'] },
    lines: [
      run(900, [1, 2, 3, 9, 5, 6, 7, 8, 9]),
      run(1000),
      { rows: 128, prompt: 128, problem: 'no room | at all' },
      { rows: 128, prompt: 128, problem: 'no room | at all' },
      { rows: 32, prompt: 128, problem: 'no room | at all' },
    ],
  };
  const torch = {
    name: 'PyTorch',
    isReference: true,
    weightBytes: 1000e6,
    problems: [],
    lines: [run(100, [1, 2, 3, 4, 5, 6, 7, 8])],
  };

  test('takes the better of two runs, against the bandwidth, and tells how long the tokens are alike', () => {
    const lines = formatTable({ measured: [octavo, torch], sizes, bandwidth: 1e12 }).split('\n');
    expect(lines[0]).toMatch(
      /^\| {2}\| 1 row \| 8 rows \| 32 rows \| 128 rows \| of the bandwidth, 1 row \| prefill of 1,024/,
    );
    expect(lines[2]).toBe('| Octavo | 1,000 | - | - | - | 50% | - | 20 | - | 3 of 8 |');
    expect(lines[3]).toBe('| PyTorch | 100 | - | - | - | 10% | - | 20 | - | 8 of 8 |');
  });

  test('has no share where the bandwidth is not known', () => {
    expect(formatTable({ measured: [octavo], sizes, bandwidth: null })).toContain(
      '| 1,000 | - | - | - | - | - | 20 | - | - |',
    );
  });

  test('is followed by what is missing, and why, once for each reason', () => {
    expect(formatProblems([octavo, torch]).split('\n').slice(2)).toEqual([
      '| Octavo | not done after 100 s |',
      '| Octavo | 128 x 128, 32 x 128: no room \\| at all |',
    ]);
    expect(formatProblems([torch])).toBe('');
  });
});

describe('a run with a limit', () => {
  const node = (script: string) => [process.execPath, '-e', script];

  test('gives the output of what ended well, and why another did not', async () => {
    expect(await runFor(30, node('console.log(1)'))).toEqual({ output: '1\n', problem: null });
    expect(await runFor(30, node('console.log(2); console.error("why"); process.exit(3)'))).toEqual({
      output: '2\n',
      problem: 'why',
    });
    expect((await runFor(30, ['/nowhere/python'])).problem).toContain('ENOENT');
  });

  test('ends with all that it has started when its time is over, and keeps what it said', async () => {
    const child = 'setInterval(() => {}, 1000)';
    // It holds the output open as long as it lives, and so the run.
    const start = `require('child_process').spawn(process.execPath, ['-e', '${child}'], { stdio: 'inherit' })`;
    const script = `${start}; console.log('begun'); ${child}`;
    expect(await runFor(2, node(script))).toEqual({ output: 'begun\n', problem: 'not done after 2 s' });
  });
});
