/** Choices as OpenAI writes them: one object, or a stream of chunks. What differs by endpoint is in its format. */
import { createHash, randomUUID } from 'node:crypto';
import type { ServedModel } from '../models/served-model.js';
import { joinSafe, noText } from '../safety/safe-text.js';
import { type BestOf, chooseBest } from './best-of.js';
import type { ChoiceDelta, Choices, WholeChoice } from './choices.js';

/** How one endpoint writes its objects. */
export interface AnswerFormat {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  readonly choice: (choice: WholeChoice) => object;
  readonly chunkChoice: (delta: ChoiceDelta) => object;
  /** The first chunk of a choice, before any text; `null`: none. */
  readonly opening: ((index: number) => object) | null;
}

export interface AnswerOptions {
  readonly format: AnswerFormat;
  readonly model: ServedModel;
  /** The caller named a tier: the one that served it is told. */
  readonly tellTier: boolean;
  readonly includeUsage: boolean;
  readonly timings: boolean;
  /** The choices are the best of more candidates; `null`: of none. */
  readonly best: BestOf | null;
}

/** Reads all choices to their end and writes one object. */
export async function wholeAnswer(choices: Choices, options: AnswerOptions): Promise<object> {
  const { format } = options;
  const whole: WholeChoice[] = Array.from({ length: choices.count }, (_, index) => ({
    index,
    text: noText,
    finish: 'stop',
    filter: null,
  }));
  for await (const { index, text, finish, filter } of choices.deltas()) {
    const choice = whole[index];
    if (!choice) continue;
    whole[index] = { index, text: joinSafe(choice.text, text), finish: finish ?? choice.finish, filter };
  }
  const { best } = options;
  const chosen = best === null ? whole : chooseBest(whole, await best.rank(whole, choices), best);
  return {
    ...envelope(format.object, options),
    ...describePrompts(choices),
    choices: chosen.map((choice) => ({ ...format.choice(choice), ...describeFilter(choice) })),
    usage: choices.usage,
    ...(options.timings && { timings: choices.timings }),
  };
}

/**
 * The chunks of a stream: the openings, text as it comes, a finish reason for each choice, and the usage if asked.
 * A chunk without text is sent only for its finish reason.
 */
export async function* chunkedAnswer(
  choices: Choices,
  options: AnswerOptions,
): AsyncGenerator<object, void, undefined> {
  const { format } = options;
  const base = envelope(format.chunkObject, options);
  // With usage asked for, OpenAI names it in every chunk, null until the last.
  const noUsage = options.includeUsage ? { usage: null } : {};
  // Azure has a chunk of its own for it, without choices, which many clients do not expect.
  let prompts = describePrompts(choices);
  const first = () => {
    const told = prompts;
    prompts = {};
    return told;
  };
  if (format.opening) {
    for (let index = 0; index < choices.count; index++) {
      yield { ...base, ...first(), choices: [format.opening(index)], ...noUsage };
    }
  }
  for await (const delta of choices.deltas()) {
    const isLast = choices.finishes.length === choices.count;
    const timings = options.timings && isLast ? { timings: choices.timings } : {};
    yield {
      ...base,
      ...first(),
      choices: [{ ...format.chunkChoice(delta), ...describeFilter(delta) }],
      ...noUsage,
      ...timings,
    };
  }
  if (options.includeUsage) yield { ...base, choices: [], usage: choices.usage };
}

function describeFilter({ filter }: Pick<WholeChoice, 'filter'>): object {
  return filter === null ? {} : { content_filter_results: filter };
}

function describePrompts({ promptFilters }: Choices): object {
  if (promptFilters === null) return {};
  return {
    prompt_filter_results: promptFilters.map((results, index) => ({
      prompt_index: index,
      content_filter_results: results,
    })),
  };
}

/** What every object of one answer repeats. */
function envelope(object: string, { format, model, tellTier }: AnswerOptions): object {
  return {
    id: `${format.idPrefix}-${randomUUID().replaceAll('-', '')}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: model.id,
    system_fingerprint: fingerprint(model),
    ...(tellTier && { service_tier: 'default' }),
  };
}

/** Changes when the same seed may give another text: another model, precision, cache, runtime or provider. */
function fingerprint({ id, precision, kvCache, runtime }: ServedModel): string {
  const parts = [id, precision, kvCache, runtime.runtime, runtime.version, runtime.provider];
  return `fp_${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 10)}`;
}
