/** One reply of a chat server, handed on while it comes. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { OctavoError } from '../errors.js';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ReplySettings {
  /** Its id on the server; `null`: the server's first. */
  readonly model: string | null;
  readonly apiKey: string | null;
  /** `null`: the model's own. */
  readonly temperature: number | null;
  /** `null`: as many as the context holds. */
  readonly maxTokens: number | null;
}

export interface ReplyReader {
  /** Is told each piece of the reply. */
  readonly write: (text: string) => void;
  /** Ends the request, so that the server works for it no longer. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly content: string;
  /** The API's `finish_reason`. */
  readonly finish: string | null;
  /** The reader's signal ended it. */
  readonly isStopped: boolean;
}

/**
 * Resolves with the reply, or what there is of it when it is stopped. Throws `Refusal`, `engine_failed` where the server
 * gives up, and `not_ready` where nobody answers or the connection breaks.
 */
export async function streamReply(
  url: string,
  { messages, settings }: { readonly messages: readonly Message[]; readonly settings: ReplySettings },
  { write, signal }: ReplyReader,
): Promise<Reply> {
  let content = '';
  let finish: string | null = null;
  let isComplete = false;
  const parser = createParser({
    onEvent: ({ data }) => {
      isComplete ||= data === '[DONE]';
      if (isComplete) return;
      const piece = readChunk(data);
      finish = piece.finish ?? finish;
      content += piece.text;
      write(piece.text);
    },
  });
  try {
    const body = await post(new URL('/v1/chat/completions', url), toRequest(messages, settings), signal);
    for await (const text of body.pipeThrough(new TextDecoderStream())) parser.feed(text);
    if (!isComplete) throw new OctavoError('engine_failed', `The reply of ${new URL(url).origin} has no end.`);
    return { content, finish, isStopped: false };
  } catch (error) {
    if (signal.aborted) return { content, finish, isStopped: true };
    if (content !== '') write('\n');
    throw toFailure(error, url);
  }
}

function toRequest(messages: readonly Message[], { model, apiKey, temperature, maxTokens }: ReplySettings) {
  const key = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const body = {
    ...(model === null ? {} : { model }),
    messages,
    stream: true,
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
  };
  return { method: 'POST', headers: { 'content-type': 'application/json', ...key }, body: JSON.stringify(body) };
}

/** Throws `Refusal`, and what `fetch` throws. */
async function post(url: URL, request: RequestInit, signal: AbortSignal): Promise<ReadableStream> {
  const response = await fetch(url, { ...request, signal });
  if (response.ok && response.body !== null) return response.body;
  const refused = refusalSchema.safeParse(await response.json().catch(() => null));
  if (!refused.success) throw new Refusal(`The server answered ${response.status}.`, null);
  throw new Refusal(refused.data.error.message, refused.data.error.code ?? null);
}

const refusalSchema = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) });

/** The server did not take a question; the next one may pass. */
export class Refusal extends OctavoError {
  readonly isTooLong: boolean;

  constructor(message: string, code: string | null) {
    super('invalid_value', message);
    this.isTooLong = code === 'context_length_exceeded';
  }
}

const chunkSchema = z.object({
  choices: z
    .array(z.object({ delta: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Throws `engine_failed` for the chunk that tells of a failure, and what parsing throws. */
function readChunk(data: string): { readonly text: string; readonly finish: string | null } {
  const { error, choices } = chunkSchema.parse(JSON.parse(data));
  if (error) throw new OctavoError('engine_failed', error.message);
  const [choice] = choices ?? [];
  return { text: choice?.delta.content ?? '', finish: choice?.finish_reason ?? null };
}

function toFailure(error: unknown, url: string): unknown {
  const { origin } = new URL(url);
  if (error instanceof SyntaxError || error instanceof z.ZodError) {
    return new OctavoError('engine_failed', `${origin} does not answer as OpenAI's API does.`, null, { cause: error });
  }
  // What `fetch` throws, with the reason as its cause.
  if (!(error instanceof TypeError)) return error;
  const { message } = error.cause instanceof Error ? error.cause : error;
  return new OctavoError('not_ready', `No answer from ${origin}: ${message}.`, null, { cause: error });
}
