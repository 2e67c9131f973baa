/** A generative guard as the safety filter's classifier: texts become prompts for its batcher, replies become scores. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Generation, GenerationRequest } from '../batcher/generation.js';
import { invariant, OctavoError } from '../errors.js';
import { greedy } from '../models/decoder/sampling.js';
import type { Classify } from '../safety/classifier-screen.js';
import type { GuardFormat, GuardReply, LabelScores } from '../safety/guards/guard-format.js';
import type { LabelMap } from '../safety/label-map.js';
import type { CategoryScores, Direction } from '../safety/screen.js';
import type { WindowLimits } from '../safety/text-windows.js';
import type { GeneratingReplica } from './dependencies.js';
import { encodeQuestion, type Frame } from './guard-prompt.js';

export interface GuardSetup {
  readonly replica: GeneratingReplica;
  readonly format: GuardFormat;
  /** `null`: its template frames nothing, and the format does without. */
  readonly frame: Frame | null;
}

/** Prompts of one part of a text, one for each question about it. */
type Prompts = readonly (readonly number[])[];

/**
 * Texts of a call are asked about together, and with whatever else waits for the model. Rejects where a reply fits the
 * format in no way, and then waits for no other.
 */
export function classifyByGuard(setup: GuardSetup, { categories }: LabelMap): Classify {
  return async (texts, { direction, signal }) => {
    const parts: (readonly Prompts[])[] = [];
    for (const text of texts) {
      parts.push(await promptsOf(text, direction, setup));
      // Texts are encoded in this thread: the engine and other requests have their turn between them.
      if (texts.length > 1) await nextTurn();
    }
    const stop = new AbortController();
    const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    try {
      const scores = await Promise.all(
        parts.map((ofText) => Promise.all(ofText.map((prompts) => askAll(prompts, setup, ended)))),
      );
      return scores.map((ofText) => toCategories(ofText, categories));
    } catch (error) {
      stop.abort();
      throw error;
    }
  };
}

/** Fewer tokens of a text would be judged without what they mean together. */
const leastRoom = 64;

/** In English a token has four characters or so, in other scripts fewer: there some windows are judged in parts. */
const charactersPerToken = 2;

/**
 * How a text is cut for it: whole sentences, each read after all that was there before it, as far as the context goes.
 * Throws `invalid_model` where the policy leaves no room for a text.
 */
export async function guardWindows(setup: GuardSetup): Promise<WindowLimits> {
  const { model } = setup.replica;
  const empty = [...(await encodeAll('', 'prompt', setup)), ...(await encodeAll('', 'output', setup))];
  const policy = Math.max(...empty.map(({ length }) => length));
  const room = model.contextLength - policy - setup.format.replyTokens;
  if (room < leastRoom) {
    const message =
      `The model ${model.id} cannot moderate: of its context of ${model.contextLength} tokens, policy and reply take ` +
      `${policy + setup.format.replyTokens}; at least ${leastRoom} more are needed for a text.`;
    throw new OctavoError('invalid_model', message);
  }
  const newText = { shortest: 160, longest: 480, overlap: 80 };
  return { ...newText, before: Math.max(0, room * charactersPerToken - newText.longest - newText.overlap) };
}

/** The prompts about a text or, where one is too long for the model, about its halves: no part goes unread. */
async function promptsOf(text: string, direction: Direction, setup: GuardSetup): Promise<readonly Prompts[]> {
  const prompts = await encodeAll(text, direction, setup);
  const { encodesPrompts, contextLength } = setup.replica.model;
  const room = encodesPrompts ? contextLength : contextLength - setup.format.replyTokens;
  if (prompts.every(({ length }) => length <= room)) return [prompts];
  const characters = Array.from(text);
  invariant(characters.length > 1, 'a character has fewer tokens than the context of a guard leaves');
  const middle = Math.ceil(characters.length / 2);
  const halves = [characters.slice(0, middle), characters.slice(middle)];
  return (await Promise.all(halves.map((half) => promptsOf(half.join(''), direction, setup)))).flat();
}

function encodeAll(text: string, direction: Direction, { replica, format, frame }: GuardSetup): Promise<Prompts> {
  return Promise.all(format.ask(text, direction).map((question) => encodeQuestion(question, replica.model, frame)));
}

async function askAll(prompts: Prompts, setup: GuardSetup, signal: AbortSignal): Promise<LabelScores> {
  const { generator } = setup.replica;
  // Each its own promise: what one `submit` throws must leave none behind that nobody awaits.
  const replies = prompts.map(async (prompt) => toReply(generator.submit(toRequest(prompt, setup, signal)), signal));
  return setup.format.read(await Promise.all(replies));
}

function toRequest(prompt: readonly number[], { format, replica }: GuardSetup, signal: AbortSignal): GenerationRequest {
  return {
    prompt,
    maxTokens: format.replyTokens,
    sampling: { ...greedy, stopTokens: replica.model.endTokens, logProbabilities: format.byProbability },
    // The policy is the same for all callers, and so is computed once.
    tenant: '',
    draftTokens: 0,
    stopStrings: format.stopStrings,
    signal,
  };
}

async function toReply(generation: Generation, signal: AbortSignal): Promise<GuardReply> {
  let text = '';
  for await (const delta of generation) {
    text += delta.text;
    if (delta.finish === null) continue;
    signal.throwIfAborted();
    if (delta.finish === 'cancelled') throw new Error('the guard was stopped before it had replied');
    return { text, whole: delta.finish === 'stop', probability: Math.exp(generation.logProbability) };
  }
  throw new Error('the guard has not replied');
}

/** Of a category counts the highest score of its labels, in any part. */
function toCategories(parts: readonly LabelScores[], categories: LabelMap['categories']): CategoryScores {
  const scores = new Map<string, number>();
  for (const [label, score] of parts.flatMap((part) => [...part])) {
    for (const category of categories.get(label) ?? []) {
      scores.set(category, Math.max(score, scores.get(category) ?? 0));
    }
  }
  return scores;
}
