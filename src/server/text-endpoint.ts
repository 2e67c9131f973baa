/** What completions and chat completions share: from a parsed body to an answer or a stream. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ServedModel } from '../models/served-model.js';
import { type AnswerFormat, type AnswerOptions, chunkedAnswer, wholeAnswer } from './answer.js';
import { checkOpen, checkReady } from './availability.js';
import { type BestOf, byLogProbability, byValueModel } from './best-of.js';
import type { Choices } from './choices.js';
import type { ServerDependencies } from './dependencies.js';
import { toErrorBody, toOctavoError } from './error-answer.js';
import { eventStream } from './event-stream.js';
import { findGenerator } from './find-replica.js';
import { generate, type TextRequest } from './generate.js';
import { listIgnored } from './ignored-params.js';
import { readBody } from './request-body.js';
import { requestSignal } from './request-signal.js';
import type { SharedFields } from './schema/sampling-fields.js';
import { checkStreamOptions } from './text-request.js';

export interface TextEndpoint<S extends z.ZodObject> {
  readonly schema: S;
  readonly format: AnswerFormat;
  readonly toTextRequest: (fields: z.infer<S> & SharedFields, model: ServedModel) => TextRequest;
}

type TextHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export function createTextHandler<S extends z.ZodObject>(
  endpoint: TextEndpoint<S>,
  dependencies: ServerDependencies,
): TextHandler {
  const { limits, safety, metrics, unknownParams } = dependencies;
  return async (request, reply) => {
    checkOpen(dependencies);
    const body = readBody(request.body, { schema: endpoint.schema, unknownParams });
    const fields = body.fields as z.infer<S> & SharedFields;
    checkStreamOptions(fields);
    const replica = findGenerator(dependencies.models, fields.model);
    const textRequest = endpoint.toTextRequest(fields, replica.model);
    checkReady(dependencies, replica.model.id);
    request.report.model = replica.model.id;
    if (dependencies.logPrompts) request.report.prompts = textRequest.prompts;
    listIgnored(reply, body.ignored);
    request.retryAfterSeconds = () => replica.generator.retryAfterSeconds();
    const signal = requestSignal(reply.raw, limits);
    const { id: requestId, tenant } = request;
    const tellFilter = fields.content_filter_results ?? dependencies.contentFilterResults;
    const best = toBest(textRequest, dependencies, signal);
    const byLikelihood = best?.rank === byLogProbability;
    const context = { replica, safety, metrics, tenant, requestId, tellFilter, byLogProbability: byLikelihood, signal };
    const choices = await generate(textRequest, context);
    request.report.choices = choices;
    const options: AnswerOptions = {
      format: endpoint.format,
      model: replica.model,
      tellTier: fields.service_tier !== undefined,
      includeUsage: fields.stream_options?.include_usage ?? false,
      timings: dependencies.timings,
      best,
    };
    if (!fields.stream) return wholeAnswer(choices, options);
    return sendStream(reply, { choices, options, heartbeatMs: limits.heartbeatMs });
  };
}

/** How the answer's choices are chosen from their candidates; `null`: there are no others. */
function toBest({ n, bestOf }: TextRequest, { valueModel }: ServerDependencies, signal: AbortSignal): BestOf | null {
  if (bestOf === null) return null;
  return { n, bestOf, rank: valueModel === null ? byLogProbability : byValueModel(valueModel, signal) };
}

/** Every sequence is queued by now: failures from here on are events of the stream. */
function sendStream(
  reply: FastifyReply,
  stream: { readonly choices: Choices; readonly options: AnswerOptions; readonly heartbeatMs: number },
): FastifyReply {
  const events = eventStream(chunkedAnswer(stream.choices, stream.options), {
    heartbeatMs: stream.heartbeatMs,
    describeError: (error) => {
      const known = toOctavoError(error, reply.request.id);
      // Who left has no answer to fail.
      if (known.code === 'internal_error' && !reply.raw.destroyed)
        reply.request.log.error({ err: error }, 'unexpected error in a stream');
      return toErrorBody(known);
    },
  });
  reply.header('content-type', 'text/event-stream; charset=utf-8');
  reply.header('cache-control', 'no-cache');
  // Tells nginx and its kin not to collect the stream.
  reply.header('x-accel-buffering', 'no');
  // One event ahead: what a slow reader has not taken stays with the batcher, merged.
  return reply.send(Readable.from(events, { highWaterMark: 1 }));
}
