/** What a profile of ONNX Runtime says, and where the time of a step went by it. */
import { describe, expect, it } from 'vitest';
import { parseProfile } from '#octavo/models/runtime/profile-file.js';
import { timeShares } from '#octavo/models/runtime/time-shares.js';

const session = (name: string, ts: number, dur: number) => ({ cat: 'Session', name, ts, dur, ph: 'X', args: {} });
const node = (operator: string, provider: string, [ts, dur]: readonly [number, number]) => ({
  ...{ cat: 'Node', name: `/layer/${operator}_kernel_time`, ts, dur },
  args: { op_name: operator, provider, input_type_shape: [{ float: [1, 2] }] },
});
const kernel = (name: string, ts: number, dur: number) => ({ cat: 'Api', name, ts, dur, args: { shapes: '' } });
const [webgpu, cpu] = ['WebGpuExecutionProvider', 'CPUExecutionProvider'];

const events = [
  session('session_initialization', 0, 500),
  node('Cast', cpu, [1010, 40]),
  { ...node('Cast', cpu, [1010, 30]), name: '/layer/Cast_fence_before' },
  session('model_run', 1000, 2000),
  node('MatMul', webgpu, [4010, 10]),
  kernel('/layer/MatMul&MatMul&MatMulProgram', 4020, 600),
  kernel('/layer/Mul&Mul&Mul', 4700, 100),
  node('MemcpyToHost', webgpu, [4100, 700]),
  node('MatMulIntegerToFloat', cpu, [4900, 1500]),
  session('model_run', 4000, 3000),
];

describe('a profile', () => {
  it('is its runs, each with what ran in it', () => {
    const runs = parseProfile(JSON.stringify(events));
    expect(runs.map(({ micros }) => micros)).toEqual([2000, 3000]);
    expect(runs[0]).toMatchObject({ nodes: [{ provider: cpu, operator: 'Cast', micros: 40 }], kernels: [] });
    expect(runs[1]?.kernels.map(({ operator }) => operator)).toEqual(['MatMul', 'Mul']);
  });

  it.each(['', '{}', '[{"cat":"Node"}]', '[{"cat":"Node","name":"a","ts":1,"dur":-1,"args":{}}]'])(
    'that is %j is refused',
    (text) => {
      expect(() => parseProfile(text)).toThrow(/^ONNX Runtime wrote a profile that cannot be read: /);
    },
  );
});

describe('the shares of time', () => {
  const [first, second] = parseProfile(JSON.stringify(events));

  it("are a device's kernels by its own clock, the host's operators, and what is in neither", () => {
    expect(timeShares([second!], 1)).toEqual({
      millis: 3,
      providers: [
        { provider: 'cpu', millis: 1.5, operators: [{ operator: 'MatMulIntegerToFloat', millis: 1.5 }] },
        {
          ...{ provider: 'webgpu', millis: 0.7 },
          operators: [
            { operator: 'MatMul', millis: 0.6 },
            { operator: 'Mul', millis: 0.1 },
          ],
        },
      ],
      between: expect.closeTo(0.8, 10),
      clock: 'device',
    });
  });

  it('are the launches of a device that does not time its kernels', () => {
    const runs = [{ ...second!, kernels: [] }];
    const { providers, clock } = timeShares(runs, 1);
    expect(clock).toBe('host');
    expect(providers.find(({ provider }) => provider === 'webgpu')?.millis).toBeCloseTo(0.01, 10);
  });

  it('are of one step, whatever the number of runs', () => {
    expect(timeShares([first!, first!, first!, first!], 2)).toMatchObject({ millis: 4, providers: [{ millis: 0.08 }] });
  });

  it('keep the name of a provider that the configuration does not know', () => {
    const run = { micros: 10, kernels: [], nodes: [{ provider: 'NewExecutionProvider', operator: 'Mul', micros: 5 }] };
    expect(timeShares([run], 1).providers[0]?.provider).toBe('NewExecutionProvider');
  });
});
