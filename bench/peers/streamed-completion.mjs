/** One streamed `/v1/completions`, as a client sees it: when its pieces came. */
import { createParser } from 'eventsource-parser';

/** Milliseconds from sending to each piece of text, and to the end. Throws what the server refuses. */
export async function streamCompletion(url, { prompt, tokens, model = 'model' }) {
  const started = performance.now();
  const body = { model, prompt, max_tokens: tokens, temperature: 0, ignore_eos: true, stream: true };
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  const pieces = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') return;
      const { choices, error } = JSON.parse(data);
      if (error) throw new Error(`${url}: ${error.message}`);
      if (choices[0]?.text) pieces.push(performance.now() - started);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
  return { pieces, endMs: performance.now() - started };
}
