/** One log line and one set of metrics for each request, when its answer has ended or its caller has left. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Choices } from './choices.js';
import type { Metrics } from './metrics.js';
import type { Prompt } from './prompt.js';

/** What a handler leaves behind for the report. */
export interface RequestReport {
  model: string | null;
  choices: Choices | null;
  /** Of a request that generates nothing. */
  promptTokens: number | null;
  /** Only when the operator wants prompts in the log. */
  prompts: readonly Prompt[] | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    report: RequestReport;
    /** How long a caller should wait when the queue is full. */
    retryAfterSeconds: (() => number) | null;
  }
}

export function reportRequests(app: FastifyInstance, metrics: Metrics): void {
  // Fastify wants the shape of a decorated request up front; the values are set for each request.
  app.decorateRequest('report', null as unknown as RequestReport);
  app.decorateRequest('retryAfterSeconds', null);
  app.addHook('onRequest', async (request, reply) => {
    request.report = { model: null, choices: null, promptTokens: null, prompts: null };
    whenEnded(reply, (aborted) => report(request, reply, { metrics, aborted }));
  });
}

/** Fastify's own `onResponse` does not run when the caller leaves early. */
function whenEnded(reply: FastifyReply, ended: (aborted: boolean) => void): void {
  let isReported = false;
  const once = (aborted: boolean) => {
    if (!isReported) ended(aborted);
    isReported = true;
  };
  reply.raw.once('finish', () => once(false));
  reply.raw.once('close', () => once(true));
}

function report(
  request: FastifyRequest,
  reply: FastifyReply,
  { metrics, aborted }: { readonly metrics: Metrics; readonly aborted: boolean },
): void {
  const route = request.routeOptions.url ?? 'unmatched';
  // 499 is nginx's status for a caller who left; the one that was prepared was never seen.
  const status = aborted && !reply.raw.headersSent ? 499 : reply.statusCode;
  const ms = Math.round(reply.elapsedTime);
  metrics.observeRequest({ route, status, ms: reply.elapsedTime, aborted });
  const { model, choices, promptTokens, prompts } = request.report;
  if (model !== null && choices !== null) metrics.observeUsage(model, choices.usage);
  if (model !== null && promptTokens !== null) metrics.countPromptTokens(model, promptTokens);
  request.log.info(
    {
      method: request.method,
      route,
      status,
      ms,
      aborted,
      ...(model !== null && { model }),
      ...(promptTokens !== null && { promptTokens }),
      ...(choices !== null && {
        promptTokens: choices.usage.prompt_tokens,
        completionTokens: choices.usage.completion_tokens,
        finish: choices.finishes,
      }),
      ...(prompts !== null && { prompts }),
    },
    'request',
  );
}
