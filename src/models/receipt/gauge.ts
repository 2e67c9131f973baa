/** Measures builds of one model against FP32, all on the same samples. */
import { OctavoError } from '../../errors.js';
import { largestHalf } from '../build/weights/float-format.js';
import { cacheShape } from '../cache-shape.js';
import { activationsOf } from '../manifest.js';
import type { ModelFolder } from '../model-folder.js';
import { compareModels } from './compare-models.js';
import type { CompareSetup, Graphs } from './comparison-protocol.js';
import type { OnProgress } from './progress.js';
import type { Figures } from './receipt.js';

export interface Gauge {
  /** Throws what loading and running throw. */
  measure(model: ModelFolder, onProgress: OnProgress): Promise<Quality>;
  /**
   * How far each of some models is from FP32, on a few of the samples: by a measure that is smooth and adds up over
   * independent errors. `onModel` is told before each.
   */
  probe(models: readonly Graphs[], onModel: (index: number) => void): Promise<readonly number[]>;
}

/** How near a model is to FP32. */
export interface Quality {
  /** As they stand in a receipt. */
  readonly figures: Figures;
  /** What is lost, as a share: of what, depends on the task. */
  readonly loss: number;
  /** The same for a person, as the end of a sentence: `changes perplexity by 2.00%`. */
  readonly told: string;
}

export interface GaugeParts<Sample, Shape, Result> {
  /** A thread that serves `serveComparisons`. */
  readonly worker: URL;
  readonly setup: Omit<CompareSetup<Sample, Shape>, 'remember'>;
  /** Samples for `probe`: FP32's numbers for all of them are held in memory. */
  readonly few: readonly Sample[];
  summarise(results: readonly Result[]): Quality;
  /** The measure of `probe`. */
  distance(results: readonly Result[]): number;
}

export function createGauge<Sample, Shape, Result>(parts: GaugeParts<Sample, Shape, Result>): Gauge {
  const { worker, setup, few } = parts;
  return {
    measure: async (model, onProgress) => {
      const total = setup.samples.length;
      const onSample = (_: number, done: number) => onProgress({ done, total, what: 'comparing with FP32' });
      const options = { worker, setup: { ...setup, remember: false }, models: [graphsOf(model)], onSample };
      const [results = []] = await compareModels<Sample, Shape, Result>(options);
      const quality = parts.summarise(results);
      if (Number.isFinite(quality.loss)) return quality;
      throw new OctavoError('invalid_model', describeOverflow(model.manifest));
    },
    probe: async (models, onModel) => {
      const onSample = (model: number, done: number) => void (done === 0 && onModel(model));
      const options = { worker, setup: { ...setup, samples: few, remember: true }, models, onSample };
      return (await compareModels<Sample, Shape, Result>(options)).map((results) => parts.distance(results));
    },
  };
}

function describeOverflow({ name, precision }: ModelFolder['manifest']): string {
  const sentence = `${name} or its FP32 reference gives numbers that are not finite.`;
  if (activationsOf(precision) === 'float32') return sentence;
  return `${sentence} Activations of ${precision} are float16, which ends at ${largestHalf}; a build without --target gpu that is not fp16 has them in float32.`;
}

export function graphsOf({ graph, encoderGraph, manifest }: ModelFolder): Graphs {
  return { graph, encoderGraph, element: cacheShape(manifest).element };
}
