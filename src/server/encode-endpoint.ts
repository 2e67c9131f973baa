/** What embeddings and classification share: from a parsed body to one object for each text. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { EncoderHead, ServedEncoder } from '../models/served-model.js';
import { checkOpen, checkReady } from './availability.js';
import type { ServerDependencies } from './dependencies.js';
import { encodeTexts } from './encoder-input.js';
import { findEncoder } from './find-replica.js';
import { listIgnored } from './ignored-params.js';
import { toPrompts } from './prompt.js';
import { readBody } from './request-body.js';
import { requestSignal } from './request-signal.js';
import type { InputFields } from './schema/input-fields.js';

/** One entry of the answer, from a text's row of numbers and its place in the request. */
export type FormatRow = (row: Float32Array, index: number) => object;

export interface EncodeEndpoint<S extends z.ZodObject> {
  readonly schema: S;
  readonly task: EncoderHead['task'];
  /** Throws `invalid_value` for what the model cannot give: before anything is computed. */
  readonly formatRow: (fields: z.infer<S> & InputFields, model: ServedEncoder) => FormatRow;
}

/** Nothing is screened here: no text leaves the server, only numbers and the model's own labels. */
export function createEncodeHandler<S extends z.ZodObject>(
  endpoint: EncodeEndpoint<S>,
  dependencies: ServerDependencies,
) {
  const { limits, models, unknownParams } = dependencies;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    checkOpen(dependencies);
    const body = readBody(request.body, { schema: endpoint.schema, unknownParams });
    const fields = body.fields as z.infer<S> & InputFields;
    const { model, encoder } = findEncoder(models, fields.model, endpoint.task);
    checkReady(dependencies, model.id);
    const formatRow = endpoint.formatRow(fields, model);
    const prompts = toPrompts(fields.input);
    request.report.model = model.id;
    if (dependencies.logPrompts) request.report.prompts = prompts;
    listIgnored(reply, body.ignored);
    request.retryAfterSeconds = () => encoder.retryAfterSeconds();
    const signal = requestSignal(reply.raw, limits);
    encoder.checkOpen();
    const texts = await encodeTexts(prompts, { model, truncate: fields.truncate_prompt_tokens, signal });
    const rows = await encoder.encode({ texts, signal });
    const tokens = texts.reduce((sum, { length }) => sum + length, 0);
    request.report.promptTokens = tokens;
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { object: 'list', data: rows.map(formatRow), model: model.id, usage };
  };
}
