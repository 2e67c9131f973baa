/** How the placement of nodes is told to a person. */
import { describe, expect, it } from 'vitest';
import { describePlacement } from '#octavo/models/runtime/placement.js';

const on = (provider: string, operators: Record<string, number>) => ({
  provider,
  operators: new Map(Object.entries(operators)),
});

const int8OnWebgpu = { provider: 'webgpu', precision: 'int8' };

describe('a placement', () => {
  it('is one sentence where one provider runs all', () => {
    const graph = { provider: 'cpu', precision: 'int8' };
    expect(describePlacement([on('cpu', { MatMul: 40, Mul: 60 })], graph)).toBe('all 100 nodes on cpu');
  });

  it('is the share of each, the largest first; light operators on the CPU are no matter', () => {
    const placements = [on('cpu', { Shape: 10 }), on('webgpu', { MatMul: 90 })];
    expect(describePlacement(placements, int8OnWebgpu)).toBe('of 100 nodes 90% on webgpu, 10% on cpu');
  });

  it('names heavy operators that fell back to the CPU, and the build that would not', () => {
    const placements = [on('webgpu', { Mul: 76 }), on('cpu', { MatMulIntegerToFloat: 23, Shape: 1 })];
    expect(describePlacement(placements, int8OnWebgpu)).toBe(
      'of 100 nodes 76% on webgpu, 24% on cpu; on cpu, as the provider has no kernel for them: 23 MatMulIntegerToFloat; ' +
        '"octavo build --target gpu" makes a build that stays on it',
    );
  });

  it('names no other build where it is that build', () => {
    const placements = [on('cuda', { Mul: 1 }), on('cpu', { GroupQueryAttention: 2 })];
    expect(describePlacement(placements, { provider: 'cuda', precision: 'int8-weight-fp16' })).toMatch(
      /for them: 2 GroupQueryAttention$/,
    );
  });

  it('does not give the CPU all nodes where the runtime tells of those alone that the provider left to it', () => {
    const light = [on('cpu', { Shape: 2, Cast: 12 })];
    expect(describePlacement(light, int8OnWebgpu)).toBe('14 nodes on cpu, all others on webgpu');
    expect(describePlacement([on('cpu', { MatMulIntegerToFloat: 3 })], int8OnWebgpu)).toMatch(
      /^3 nodes on cpu, all others on webgpu; on cpu, .*: 3 MatMulIntegerToFloat; "octavo build --target gpu"/,
    );
  });

  it('is nothing where the runtime does not tell', () => {
    expect(describePlacement([], int8OnWebgpu)).toBe('');
  });
});
