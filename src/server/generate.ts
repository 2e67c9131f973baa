/** The whole path of a request, from prompt text to safe deltas: the one file that joins safety and batcher. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Generation } from '../batcher/generation.js';
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import type { Sampling } from '../models/decoder/sampling.js';
import type { ServedModel } from '../models/served-model.js';
import { Choices } from './choices.js';
import type { GeneratingReplica } from './dependencies.js';
import { encodeInput, type Prompt } from './prompt.js';
import type { FilterResults } from './schema/answer-schema.js';
import { originOf, type ScreeningContext, screenInput } from './screened-input.js';

/** What both endpoints ask for. */
export interface TextRequest {
  /** The field that holds the prompts, for error messages. */
  readonly field: 'prompt' | 'messages';
  readonly prompts: readonly Prompt[];
  /** Choices for each prompt. */
  readonly n: number;
  /** Candidates for each prompt, of which the best `n` are the choices; `null`: every one is a choice. */
  readonly bestOf: number | null;
  /** As the caller gave it, else `null`. */
  readonly maxTokens: number | null;
  /** For callers who gave none; `null`: what is left of the context. */
  readonly defaultMaxTokens: number | null;
  /** `seed` is that of choice 0; choice i of each prompt uses `seed + i`. */
  readonly sampling: Sampling;
  readonly stopStrings: readonly string[];
  /** Tokens to guess from the request's own text in a round; `null`: as the server is set. */
  readonly draftTokens: number | null;
}

export interface GenerateContext extends ScreeningContext {
  readonly replica: GeneratingReplica;
  /** Candidates are ranked by how likely the model thinks them. */
  readonly byLogProbability: boolean;
}

interface EncodedPrompt {
  readonly ids: readonly number[];
  readonly maxTokens: number;
}

/**
 * Takes a request to its running choices; when it returns, every sequence is in the batcher's queue.
 * Throws `content_filter`, `screen_failed`, `context_length_exceeded`, `invalid_value`, `queue_full`, `draining`, or
 * the signal's reason.
 */
export async function generate(request: TextRequest, context: GenerateContext): Promise<Choices> {
  const { model, generator } = context.replica;
  generator.checkOpen();
  const promptFilters: FilterResults[] = [];
  const prompts: EncodedPrompt[] = [];
  // One after the other: many prompts together must not crowd out other requests.
  for (const prompt of request.prompts) {
    const { input, filter } = await screenInput(prompt, model, context);
    promptFilters.push(filter);
    const ids = await encodeInput(input, model, request.field);
    // Short texts are encoded at once: the engine and other requests have their turn between them.
    if (request.prompts.length > 1) await nextTurn();
    prompts.push({ ids, maxTokens: resolveMaxTokens(ids.length, request, model) });
    // The caller may have left, or the deadline passed, while the tokenizer worked.
    context.signal.throwIfAborted();
  }
  const generations = submitAll(prompts, request, context);
  return new Choices(generations, {
    ...context,
    model: model.id,
    n: candidatesOf(request),
    promptFilters: context.tellFilter ? promptFilters : null,
    openGuard: () => context.safety.guard(originOf(context, 'output')),
  });
}

/** Sequences for each prompt. */
function candidatesOf({ n, bestOf }: TextRequest): number {
  return bestOf ?? n;
}

/** Tokens to generate at most for a prompt of `promptTokens`. Throws `context_length_exceeded`, `invalid_value`. */
function resolveMaxTokens(promptTokens: number, request: TextRequest, model: ServedModel): number {
  const room = outputRoom(promptTokens, model);
  const asked = request.maxTokens ?? Math.min(request.defaultMaxTokens ?? room, room);
  if (room < 1 || asked > room) {
    const message = describeRoom(promptTokens, request.maxTokens, model);
    throw new OctavoError('context_length_exceeded', message, request.field);
  }
  const { minTokens } = request.sampling;
  if (minTokens > asked) {
    const message = `'min_tokens' (${minTokens}) is more than the ${counted(asked, 'token')} that may be generated.`;
    throw new OctavoError('invalid_value', message, 'min_tokens');
  }
  return asked;
}

/** Tokens that may follow the prompt. */
function outputRoom(promptTokens: number, { contextLength, encodesPrompts }: ServedModel): number {
  if (!encodesPrompts) return contextLength - promptTokens;
  return promptTokens <= contextLength ? contextLength : 0;
}

function describeRoom(promptTokens: number, maxTokens: number | null, model: ServedModel): string {
  const { contextLength, encodesPrompts } = model;
  const asked = maxTokens === null ? 'room for at least 1 more is needed' : `${maxTokens} more were asked for`;
  return encodesPrompts
    ? `The context of this model is ${contextLength} tokens for the prompt and as many for the output, but the prompt has ${counted(promptTokens, 'token')} and ${asked}.`
    : `The context of this model is ${contextLength} tokens, but the prompt has ${counted(promptTokens, 'token')} and ${asked}.`;
}

/** One sequence for each prompt and choice, prompt by prompt: all of them, or none. */
function submitAll(prompts: readonly EncodedPrompt[], request: TextRequest, context: GenerateContext): Generation[] {
  const generations: Generation[] = [];
  const sampling = context.byLogProbability ? { ...request.sampling, logProbabilities: true } : request.sampling;
  try {
    for (const prompt of prompts) {
      for (let choice = 0; choice < candidatesOf(request); choice++) {
        const generation = context.replica.generator.submit({
          prompt: prompt.ids,
          maxTokens: prompt.maxTokens,
          sampling: { ...sampling, seed: (sampling.seed + choice) >>> 0 },
          tenant: context.tenant,
          stopStrings: request.stopStrings,
          ...(request.draftTokens !== null && { draftTokens: request.draftTokens }),
          signal: context.signal,
        });
        generations.push(generation);
      }
    }
  } catch (error) {
    for (const generation of generations) generation.cancel();
    throw error;
  }
  return generations;
}
