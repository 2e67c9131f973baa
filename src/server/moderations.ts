/** `POST /v1/moderations`: what the screens of the safety filter think of texts, in OpenAI's shape. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { OctavoError } from '../errors.js';
import type { Judgements } from '../safety/judge.js';
import type { Screen } from '../safety/screen.js';
import { checkOpen } from './availability.js';
import type { ServerDependencies } from './dependencies.js';
import { listIgnored } from './ignored-params.js';
import { readBody } from './request-body.js';
import { requestSignal } from './request-signal.js';
import {
  type ModerationBody,
  type ModerationCategory,
  type moderationAnswerSchema,
  moderationCategories,
  type moderationSchema,
} from './schema/moderation-schema.js';

type Answer = z.infer<typeof moderationAnswerSchema>;

/** The screens together, as one model; OpenAI's clients send the names of OpenAI's. */
const ownName = 'octavo-moderation';
const knownNames = /^(octavo-moderation|(omni|text)-moderation-[\w-]{1,64})$/;

export function createModerationHandler(dependencies: ServerDependencies, schema: ReturnType<typeof moderationSchema>) {
  const { limits, safety, unknownParams } = dependencies;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<Answer> => {
    checkOpen(dependencies);
    const { fields, ignored } = readBody(request.body, { schema, unknownParams });
    const { input, model = ownName } = fields as ModerationBody;
    checkModel(model, safety.screens);
    listIgnored(reply, ignored);
    const signal = requestSignal(reply.raw, limits);
    const texts = toTexts(input);
    checkLength(texts, limits.maxModerationCharacters);
    const judged = await safety.judge(texts, signal);
    return {
      id: `modr-${randomUUID().replaceAll('-', '')}`,
      model: ownName,
      results: judged.map((one) => toResult(one, safety.screens)),
      octavo: {
        sources: forEvery((category) => sourcesOf(category, safety.screens)),
        thresholds: forEvery((category) => thresholdOf(category, safety.screens)),
      },
    };
  };
}

/** Parts are parts of one text, as in a message. */
function toTexts(input: ModerationBody['input']): readonly string[] {
  if (typeof input === 'string') return [input];
  if (input.every((part) => typeof part === 'string')) return input;
  return [input.map((part) => (typeof part === 'string' ? part : part.text)).join('\n')];
}

function toResult(judged: Judgements, screens: readonly Screen[]): Answer['results'][number] {
  const categories = forEvery((category) => judged.get(category)?.found ?? false);
  const isOwn = (category: string) => (moderationCategories as readonly string[]).includes(category);
  const other = [...judged].filter(([category]) => !isOwn(category)).map(([category, { score }]) => [category, score]);
  return {
    flagged: Object.values(categories).some(Boolean),
    categories,
    category_scores: forEvery((category) => judged.get(category)?.score ?? 0),
    category_applied_input_types: forEvery((category) =>
      sourcesOf(category, screens).length > 0 ? (['text'] as const).slice() : [],
    ),
    octavo: { other: Object.fromEntries(other) },
  };
}

function sourcesOf(category: string, screens: readonly Screen[]): string[] {
  return screens.filter(({ categories }) => categories.includes(category)).map(({ name }) => name);
}

/** Of the screens that grade a category; one is the most that a server has. */
function thresholdOf(category: string, screens: readonly Screen[]): number | null {
  return screens.map(({ thresholds }) => thresholds?.get(category)).find((one) => one !== undefined) ?? null;
}

function forEvery<T>(value: (category: ModerationCategory) => T): Record<ModerationCategory, T> {
  const entries = moderationCategories.map((category) => [category, value(category)] as const);
  return Object.fromEntries(entries) as Record<ModerationCategory, T>;
}

/** Throws `invalid_value`. */
function checkLength(texts: readonly string[], most: number): void {
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  if (characters <= most) return;
  const message = `'input' has ${characters} characters; one moderation takes ${most} in all.`;
  throw new OctavoError('invalid_value', message, 'input');
}

/** Throws `model_not_found`: also where nothing is screened, since "not flagged" would be no judgement. */
function checkModel(model: string, screens: readonly Screen[]): void {
  if (screens.length === 0) {
    throw new OctavoError('model_not_found', 'This server screens nothing, so it cannot judge texts.', 'model');
  }
  if (knownNames.test(model)) return;
  const message = `The model '${model.slice(0, 128)}' moderates nothing; leave it out, or send '${ownName}'.`;
  throw new OctavoError('model_not_found', message, 'model');
}
