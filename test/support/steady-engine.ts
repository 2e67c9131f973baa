/** An engine whose steps take the same time on every machine, however busy: what the scheduler decides by time is then certain. */
import type { DecoderEngine, Step } from '#octavo/models/decoder/step.js';

/** `roundMs`: what a round of the step is said to have taken. */
export function steadyEngine(engine: DecoderEngine, roundMs: (step: Step) => number = () => 1): DecoderEngine {
  const { rows, capacity, slots, encodesPrompts, verifiesGuesses } = engine;
  return {
    ...{ rows, capacity, slots, encodesPrompts, verifiesGuesses },
    step: async (step) => {
      const result = await engine.step(step);
      return { ...result, modelMs: result.rounds * roundMs(step), sampleMs: 0 };
    },
    interrupt: () => engine.interrupt(),
    recover: () => engine.recover(),
    close: () => engine.close(),
  };
}
