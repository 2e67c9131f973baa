/** What one request may ask of the server; every number is a setting. */

export interface ServerLimits {
  /** Bytes of a request body. */
  readonly bodyBytes: number;
  /** Nesting of arrays and objects in a request body. */
  readonly jsonDepth: number;
  /** Choices for each prompt. */
  readonly maxN: number;
  /** Candidates for each prompt, of which the best are answered. */
  readonly maxBestOf: number;
  /** Prompts in one completion request. */
  readonly maxPrompts: number;
  /** Texts in one request for embeddings or labels. */
  readonly maxInputs: number;
  /** Characters (UTF-16 units) of all texts of one moderation. */
  readonly maxModerationCharacters: number;
  /** Messages in one conversation. */
  readonly maxMessages: number;
  /** Stop strings, and the characters of each. */
  readonly maxStops: number;
  readonly maxStopCharacters: number;
  readonly maxStopTokens: number;
  readonly maxLogitBias: number;
  /** Tokens that may be guessed at once. */
  readonly maxDraftTokens: number;
  /** Milliseconds from the request's last byte to the answer's last byte. */
  readonly requestTimeoutMs: number;
  /** Milliseconds that a reader has after the deadline to take the error event, before its connection is cut. */
  readonly closeGraceMs: number;
  /** Milliseconds in which a request's headers, and the whole request, must have arrived. */
  readonly headersTimeoutMs: number;
  readonly receiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Bytes of a request's headers. */
  readonly headerBytes: number;
  /** Milliseconds of silence in a stream after which a comment keeps the connection open. */
  readonly heartbeatMs: number;
  /** Bytes that one slow reader may have waiting in its connection. */
  readonly streamBufferBytes: number;
}

export const defaultLimits: ServerLimits = {
  bodyBytes: 4 * 1024 * 1024,
  jsonDepth: 64,
  maxN: 8,
  maxBestOf: 20,
  maxPrompts: 64,
  maxInputs: 2048,
  maxModerationCharacters: 500_000,
  maxMessages: 2048,
  maxStops: 4,
  maxStopCharacters: 64,
  maxStopTokens: 64,
  maxLogitBias: 1024,
  maxDraftTokens: 32,
  requestTimeoutMs: 600_000,
  closeGraceMs: 5_000,
  headersTimeoutMs: 15_000,
  receiveTimeoutMs: 60_000,
  keepAliveTimeoutMs: 72_000,
  headerBytes: 16 * 1024,
  heartbeatMs: 15_000,
  streamBufferBytes: 64 * 1024,
};
