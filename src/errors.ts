/** The error table: every failure a user can meet, with its code, its HTTP status and its OpenAI type. */

interface ErrorKind {
  /** HTTP status, used by the server alone. */
  readonly status: number;
  /** `type` of the OpenAI error object. */
  readonly type: string;
}

const invalid = (status = 400): ErrorKind => ({ status, type: 'invalid_request_error' });
const failed = (status: number): ErrorKind => ({ status, type: 'server_error' });

export const errorTable = {
  // What the caller sent.
  invalid_json: invalid(),
  invalid_value: invalid(),
  unknown_parameter: invalid(),
  unsupported_parameter: invalid(),
  context_length_exceeded: invalid(),
  content_filter: invalid(),
  body_too_large: invalid(413),
  unsupported_content_type: invalid(415),
  not_found: invalid(404),
  method_not_allowed: invalid(405),
  model_not_found: invalid(404),
  invalid_api_key: { status: 401, type: 'authentication_error' },
  forbidden: { status: 403, type: 'permission_error' },
  // The state of the server.
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  queue_full: { status: 429, type: 'rate_limit_error' },
  not_ready: failed(503),
  draining: failed(503),
  engine_failed: failed(503),
  device_lost: failed(503),
  device_out_of_memory: failed(503),
  screen_failed: failed(503),
  deadline_exceeded: failed(504),
  internal_error: failed(500),
  // Starting, building and fetching: these reach a terminal, never a socket.
  invalid_config: failed(500),
  invalid_model: failed(500),
  unsupported_model: failed(500),
  runtime_unavailable: failed(500),
  hub_unavailable: failed(503),
  interrupted: failed(503),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorTable;

/** A failure with a code from the table; its message is for a person: what was wrong, what is allowed. */
export class OctavoError extends Error {
  override readonly name = 'OctavoError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** The request field at fault, as the caller named it. */
    readonly param: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A broken invariant is a bug: it fails loudly with the sentence that does not hold. */
export function invariant(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${sentence}`);
}
