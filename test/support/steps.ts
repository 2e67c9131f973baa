/** Drives a decoder engine by hand: one sequence alone in row 0. */
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import type { Step, StepResult } from '#octavo/models/decoder/step.js';

interface Steppable {
  step(step: Step): Promise<StepResult>;
}

/** The token after `ids`, computed by a prefill from an empty cache. */
export async function nextToken(
  engine: Steppable,
  ids: readonly number[],
  sampling: Sampling = greedy,
): Promise<number> {
  const chunks = [{ ids, past: 0, sampling }];
  const { tokens } = await engine.step({ moves: [], work: { kind: 'prefill', firstRow: 0, chunks } });
  return tokens[0]?.[0] ?? -1;
}

/** `count` greedy tokens after `prompt`: a prefill, then decode steps. */
export async function generateAlone(engine: Steppable, prompt: readonly number[], count: number): Promise<number[]> {
  const tokens = [await nextToken(engine, prompt)];
  while (tokens.length < count) {
    const result = await engine.step({ moves: [], work: { kind: 'decode', rows: 1, rounds: 1 } });
    tokens.push(...(result.tokens[0] ?? []));
  }
  return tokens;
}

/** Share of the tokens of `expected`, every so many of them, that the model predicts when it is given the true ones before. */
export async function teacherForcedAgreement(
  engine: Steppable,
  cases: readonly { readonly prompt: readonly number[]; readonly expected: readonly number[] }[],
  every = 1,
): Promise<number> {
  let [agreed, total] = [0, 0];
  for (const { prompt, expected } of cases) {
    for (let known = 0; known < expected.length; known += every) {
      const token = await nextToken(engine, [...prompt, ...expected.slice(0, known)]);
      if (token === expected[known]) agreed++;
      total++;
    }
  }
  return agreed / total;
}
