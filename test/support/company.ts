/** Sequences alone and in changing company on one engine: the promise that their tokens are the same. */
import { Batcher } from '#octavo/batcher/batcher.js';
import type { StepEvent } from '#octavo/batcher/events.js';
import type { Generation, GenerationRequest } from '#octavo/batcher/generation.js';
import type { SchedulerLimits } from '#octavo/batcher/scheduler.js';
import type { DecoderEngine } from '#octavo/models/decoder/step.js';
import type { Random } from './random.js';
import { steadyEngine } from './steady-engine.js';

export interface Company {
  readonly engine: DecoderEngine;
  readonly scheduler: SchedulerLimits;
  readonly requests: readonly GenerationRequest[];
  /** Another request, number `index`, that comes and sometimes leaves early. */
  readonly stranger: (index: number) => GenerationRequest;
  readonly random: Random;
}

export interface Outputs {
  /** Tokens of each request as text. */
  readonly alone: readonly string[];
  readonly together: readonly string[];
  /** What ran while they were together. */
  readonly steps: readonly StepEvent[];
}

/** Runs each request alone, then all of them with strangers, arriving and leaving between the steps of the others. */
export async function keepCompany(company: Company): Promise<Outputs> {
  const { requests, stranger, random } = company;
  const alone: string[] = [];
  for (const request of requests) alone.push(await readAll(createBatcher(company, () => {}).submit(request)));

  const together: Promise<string>[] = [];
  const strangers: Generation[] = [];
  const steps: StepEvent[] = [];
  const arriving = random.shuffle([...requests.keys()]);
  const arrive = () => {
    const index = arriving.pop();
    if (index === undefined) return;
    together[index] = readAll(batcher.submit(requests[index]!));
    strangers.push(batcher.submit(stranger(index)));
  };
  const batcher = createBatcher(company, (step) => {
    steps.push(step);
    if (random.unit() < 0.4) arrive();
    if (random.unit() < 0.3) strangers[random.below(strangers.length)]?.cancel();
  });
  while (arriving.length > 0) {
    arrive();
    await Promise.all(together);
  }
  await batcher.drain();
  return { alone, together: await Promise.all(together), steps };
}

/** Its deltas are token ids, so that a generation's text is its tokens. */
function createBatcher({ engine, scheduler }: Company, onStep: (event: StepEvent) => void): Batcher {
  return new Batcher({
    engine: steadyEngine(engine),
    detokenizer: () => ({ push: (id) => `${id} `, flush: () => '' }),
    scheduler,
    queue: { sequences: 1000, promptTokens: 1_000_000 },
    clock: () => 0,
    events: { step: onStep, finished: () => {} },
  });
}

async function readAll(generation: Generation): Promise<string> {
  let text = '';
  for await (const delta of generation) text += delta.text;
  return text;
}
