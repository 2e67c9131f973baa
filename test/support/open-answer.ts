/** A streamed answer that takes a server of one row a while: its choices come one after the other. */

export interface OpenAnswer {
  /** Reads the rest; resolves with how each choice ended, and whether the stream was ended in order. */
  finish(): Promise<{ readonly finishes: readonly string[]; readonly done: boolean }>;
}

/** Resolves when the first piece has come. */
export async function openAnswer(url: string, choices: number): Promise<OpenAnswer> {
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a', n: choices, max_tokens: 400, ignore_eos: true, stream: true }),
  });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let body = (await reader.read()).value ?? '';
  return {
    finish: async () => {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) body += piece.value;
      const finishes = Array.from(body.matchAll(/"finish_reason":"(\w+)"/g), ([, reason]) => reason ?? '');
      return { finishes, done: body.endsWith('data: [DONE]\n\n') };
    },
  };
}
