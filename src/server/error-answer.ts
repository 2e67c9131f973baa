/** Every failure leaves the server through here: one shape, OpenAI's, with nothing of the inside. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorTable, OctavoError } from '../errors.js';
import { ContentFilterError } from './content-filter.js';
import type { ErrorBody } from './schema/answer-schema.js';

/** Seconds after which a caller may try again when the server is starting or stopping. */
const retryWhenReadySeconds = 5;

/** A retry of the same request can end differently. OpenAI's clients retry 429 and 5xx unless told otherwise. */
const retryable: ReadonlySet<ErrorCode> = new Set([
  'rate_limit_exceeded',
  'queue_full',
  'not_ready',
  'draining',
  'engine_failed',
  'device_lost',
  'device_out_of_memory',
  'screen_failed',
  'internal_error',
]);

/** The codes of Fastify's own errors; any other of its errors below 500 is an `invalid_value`. */
const fastifyCodes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The request body is larger than this server accepts.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_content_type', 'The content type must be application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_json', 'The body does not have the length that its header names.'],
  FST_ERR_BAD_URL: ['not_found', 'The path of the request is not a valid URL.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'A part of the path is too long.'],
};

/** Their messages speak of the inside: paths, the engine, the library. */
const insideCodes: ReadonlySet<ErrorCode> = new Set([
  'internal_error',
  'invalid_config',
  'invalid_model',
  'unsupported_model',
  'runtime_unavailable',
]);

/** Fastify's error handler. Unexpected errors are logged with the request id that the caller sees. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toOctavoError(error, request.id);
  // Who left has no answer to fail.
  if (known.code === 'internal_error' && !reply.raw.destroyed) request.log.error({ err: error }, 'unexpected error');
  // Errors of Fastify itself come past the hook that sets it.
  reply.header('x-request-id', request.id);
  const waitSeconds = request.retryAfterSeconds?.() ?? retryWhenReadySeconds;
  if (known.code === 'queue_full' || known.code === 'rate_limit_exceeded') reply.header('retry-after', waitSeconds);
  if (known.code === 'draining' || known.code === 'not_ready') reply.header('retry-after', retryWhenReadySeconds);
  if (known.code === 'invalid_api_key') reply.header('www-authenticate', 'Bearer');
  if (!retryable.has(known.code)) reply.header('x-should-retry', 'false');
  reply.code(errorTable[known.code].status).type('application/json; charset=utf-8').send(toErrorBody(known));
}

/** The same failure as a caller may see it; what is not ours becomes `internal_error` with the request's id. */
export function toOctavoError(error: unknown, requestId: string): OctavoError {
  if (error instanceof OctavoError && !insideCodes.has(error.code)) return error;
  const { code, statusCode } = error as Partial<FastifyError>;
  const mapped = code === undefined ? undefined : fastifyCodes[code];
  if (mapped) return new OctavoError(mapped[0], mapped[1]);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new OctavoError('invalid_value', 'The request could not be read.');
  }
  return new OctavoError('internal_error', `The server failed on this request; its id is ${requestId}.`);
}

export function toErrorBody(error: OctavoError): ErrorBody {
  const { message, param, code } = error;
  const inner = error instanceof ContentFilterError ? { innererror: toInnerError(error) } : {};
  return { error: { message, type: errorTable[code].type, param, code, ...inner } };
}

function toInnerError({ results }: ContentFilterError): NonNullable<ErrorBody['error']['innererror']> {
  return { code: 'ResponsibleAIPolicyViolation', content_filter_result: results };
}

/** What goes on the wire when a connection's bytes are not a request that Node can parse. */
export function toRawAnswer(error: { readonly code?: string }): string {
  const [status, message] = rawAnswers[error.code ?? ''] ?? ['400 Bad Request', 'The request is not valid HTTP.'];
  const body = JSON.stringify(toErrorBody(new OctavoError('invalid_value', message)));
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const rawAnswers: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
};
