/** How the placement of nodes is told to a person. */
import { describe, expect, it } from 'vitest';
import { describePlacement } from '#octavo/models/runtime/placement.js';

const on = (provider: string, operators: Record<string, number>) => ({
  provider,
  operators: new Map(Object.entries(operators)),
});

describe('a placement', () => {
  it('is one sentence where one provider runs all', () => {
    expect(describePlacement([on('cpu', { MatMul: 40, Mul: 60 })], 'cpu')).toBe('all 100 nodes on cpu');
  });

  it('is the share of each, the largest first; light operators on the CPU are no matter', () => {
    const placements = [on('cpu', { Shape: 10 }), on('webgpu', { MatMul: 90 })];
    expect(describePlacement(placements, 'webgpu')).toBe('of 100 nodes 90% on webgpu, 10% on cpu');
  });

  it('is what the CPU has where the runtime does not list the nodes of the other', () => {
    expect(describePlacement([on('cpu', { Shape: 14 })], 'webgpu')).toBe('14 nodes on cpu, all others on webgpu');
    expect(describePlacement([on('cpu', { Shape: 14, FusedMatMul: 1 })], 'webgpu')).toBe(
      '15 nodes on cpu, all others on webgpu; on cpu, as the provider has no kernel for them: 1 FusedMatMul',
    );
  });

  it('names heavy operators that fell back to the CPU, and what to build instead', () => {
    const placements = [on('webgpu', { Mul: 76 }), on('cpu', { MatMulIntegerToFloat: 23, Shape: 1 })];
    expect(describePlacement(placements, 'webgpu')).toBe(
      'of 100 nodes 76% on webgpu, 24% on cpu; on cpu, as the provider has no kernel for them: 23 MatMulIntegerToFloat; ' +
        'int8-weight and fp16 are the precisions for it',
    );
    expect(describePlacement([on('cuda', { Mul: 1 }), on('cpu', { GroupQueryAttention: 2 })], 'cuda')).toMatch(
      /for them: 2 GroupQueryAttention$/,
    );
  });

  it('is nothing where the runtime does not tell', () => {
    expect(describePlacement([], 'cpu')).toBe('');
  });
});
