/** One reply of a chat server, printed while it comes. */
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

const chunkSchema = z.object({
  choices: z
    .array(z.object({ delta: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .optional(),
  error: z.object({ message: z.string() }).optional(),
});

export interface Reply {
  readonly content: string;
  /** The API's `finish_reason`. */
  readonly finish: string | null;
}

/** Prints the reply as it comes, and returns it. Throws `Refusal`, and `not_ready` where nobody answers. */
export async function streamReply(url: string, messages: readonly Message[], settings: ReplySettings): Promise<Reply> {
  const response = await post(new URL('/v1/chat/completions', url), settings.apiKey, {
    ...(settings.model === null ? {} : { model: settings.model }),
    messages,
    stream: true,
    ...(settings.temperature === null ? {} : { temperature: settings.temperature }),
    ...(settings.maxTokens === null ? {} : { max_tokens: settings.maxTokens }),
  });
  if (!response.ok || response.body === null) throw await readRefusal(response);
  let content = '';
  let finish: string | null = null;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') return;
      const chunk = chunkSchema.parse(JSON.parse(data));
      if (chunk.error) throw new OctavoError('engine_failed', chunk.error.message);
      const [choice] = chunk.choices ?? [];
      const text = choice?.delta.content ?? '';
      process.stdout.write(text);
      content += text;
      finish = choice?.finish_reason ?? finish;
    },
  });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  return { content, finish };
}

/** Throws `not_ready` when nobody answers. */
async function post(url: URL, apiKey: string | null, body: object): Promise<Response> {
  const key = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const headers = { 'content-type': 'application/json', ...key };
  try {
    return await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch (error) {
    const reason = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    throw new OctavoError('not_ready', `No answer from ${url.origin}: ${reason}.`, null, { cause: error });
  }
}

/** The server did not take a question; the next one may pass. */
export class Refusal extends OctavoError {
  readonly isTooLong: boolean;

  constructor(message: string, code: string | null) {
    super('invalid_value', message);
    this.isTooLong = code === 'context_length_exceeded';
  }
}

const refusalSchema = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) });

async function readRefusal(response: Response): Promise<Refusal> {
  const body = refusalSchema.safeParse(await response.json().catch(() => null));
  if (!body.success) return new Refusal(`The server answered ${response.status}.`, null);
  return new Refusal(body.data.error.message, body.data.error.code ?? null);
}
