/** llama.cpp's own server with a slot for each row, over HTTP: `/completion` with token ids, streamed. */
import { createParser } from 'eventsource-parser';
import { promptIds } from '../cases.mjs';
import { gguf } from '../gguf.mjs';
import { llamaCpp, llamaVersion } from '../llama-cpp.mjs';
import { startLlamaServer } from '../llama-server.mjs';

export function createPeer(quantisation) {
  return {
    name: `llama.cpp's server, ${quantisation}`,
    version: llamaVersion,
    async prepare(shape) {
      await llamaCpp();
      await gguf(shape, quantisation);
    },
    async open({ shape, threads, rows, capacity }) {
      const server = await startLlamaServer({ model: await gguf(shape, quantisation), threads, rows, capacity });
      return { run: (plan) => completeAll(server.url, plan), close: server.close };
    },
  };
}

function completeAll(url, plan) {
  const started = performance.now();
  return Promise.all(
    Array.from({ length: plan.rows }, async (_, row) => {
      const body = {
        ...{ prompt: promptIds(row, plan), n_predict: plan.steps + plan.stagger, temperature: 0, ignore_eos: true },
        ...{ stream: true, cache_prompt: false, return_tokens: true },
      };
      const response = await fetch(`${url}/completion`, { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`llama-server: ${response.status} ${await response.text()}`);
      const times = [];
      const parser = createParser({
        onEvent: ({ data }) => {
          for (const _ of JSON.parse(data).tokens ?? []) times.push(performance.now() - started);
        },
      });
      const decoder = new TextDecoder();
      for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
      return times;
    }),
  );
}
